// A shard that echoes over TCP and WebSocket, for clients written by others. Prints "name port"
// lines, then "ready"; ends when its standard input does.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "host/core/clock.h"
#include "host/net/shard.h"

using namespace gantry;
using namespace gantry::net;

namespace {

class Echo final : public ShardEvents {
public:
    void on_open(ConnectionId, const ConnectionInfo&) override {}
    FrameVerdict on_frame(ConnectionId id, const Frame& frame) override {
        shard->send(id, frame.head, frame.payload, frame.text);
        return FrameVerdict::taken;
    }
    void on_close(ConnectionId, CloseReason reason) override {
        std::printf("closed %s\n", close_reason_name(reason));
        std::fflush(stdout);
    }
    Shard* shard = nullptr;
};

bool open(Shard& shard, const char* name, const char* transport, Framing framing, bool deflate) {
    ListenerConfig config;
    config.name = name;
    config.transport = transport;
    config.address = "127.0.0.1";
    config.framing = framing;
    config.payload_bytes_max = 9 << 20;
    config.queue = {4 << 20, 1 << 20, 64 << 20};
    config.websocket.path = "/play";
    config.websocket.subprotocols = {"gantry.1"};
    config.websocket.permessage_deflate = deflate;
    const auto bound = shard.listen(config);
    if (!bound) std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    if (bound) std::printf("%s %d\n", name, int{bound->port});
    return bound.has_value();
}

}  // namespace

int main() {
    const core::SystemClock clock;
    Echo echo;
    Shard shard{{}, clock, echo};
    echo.shard = &shard;
    const bool opened = open(shard, "tcp", "tcp", Framing::gantry, false) &&
                        open(shard, "ws", "ws", Framing::u32le, false) &&
                        open(shard, "ws_deflate", "ws", Framing::u32le, true) &&
                        open(shard, "ws_gantry", "ws", Framing::gantry, false);
    if (!opened) return 1;
    std::printf("ready\n");
    std::fflush(stdout);

    std::atomic<bool> stop{false};
    std::thread input{[&] {
        char byte = 0;
        while (::read(STDIN_FILENO, &byte, 1) > 0) {
        }
        stop = true;
        shard.wake();
    }};
    while (!stop) {
        const TimeNs now = clock.now();
        if (!shard.poll(now)) shard.wait(now + ns_per_s);
    }
    input.join();
}
