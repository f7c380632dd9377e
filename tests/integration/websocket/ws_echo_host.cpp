// A whole host whose plugin echoes every WebSocket message on the shard. Prints "name port" lines,
// the listeners' limit, then "ready"; ends when its standard input does.
#include <unistd.h>

#include <cstdio>

#include "gantry/gantry.h"
#include "host/app/host.h"
#include "host/core/clock.h"
#include "host/core/log.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;

namespace {

constexpr std::uint32_t payload_bytes_max = 9 << 20;

class Echo final : public IoPlugin {
    void setup() override {
        route(0, [](const IoMessage& message) { return message.payload; });
    }
};
constexpr PluginDesc echo = test::linked("echo", "1.0.0", nullptr, create<Echo>);

manifest::Listener listener(const char* name, bool deflate) {
    manifest::Listener listener;
    listener.name = name;
    listener.transport = "ws";
    listener.framing = manifest::Framing::u32le;  // has no ids: all is message 0, text or binary
    listener.payload_bytes_max = payload_bytes_max;
    listener.queue.max_bytes = 4 * payload_bytes_max;
    listener.ws.permessage_deflate = deflate;
    return listener;
}

}  // namespace

int main() {
    manifest::Manifest manifest;
    manifest.shards = 1;
    manifest.workers = 1;
    manifest.drop.folder = "no such folder";
    manifest.admin.enabled = false;
    manifest.plugins.push_back({});
    manifest.plugins.back().name = "echo";
    manifest.listeners = {listener("ws", false), listener("ws_deflate", true)};
    const core::SystemClock clock;
    app::HostOptions options;
    options.linked = {&echo};
    auto host = app::Host::create(std::move(manifest), clock, std::move(options));
    if (!host) {
        std::fprintf(stderr, "%s\n", host.error().message.c_str());
        return 1;
    }
    (*host)->start_threads();
    for (const app::Endpoint& at : (*host)->endpoints()) {
        std::printf("%s %d\n", at.name.c_str(), int{at.port});
    }
    std::printf("payload_bytes_max %u\nready\n", payload_bytes_max);
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return (*host)->shut_down(5'000) ? 0 : 1;
}
