// The io rows: one shard whose layer above answers from within on_frame.
#include "host/core/clock.h"
#include "host/net/shard.h"
#include "tests/bench/echo_tcp/server.h"

namespace gantry::bench {

namespace {

class Echo final : public net::ShardEvents {
public:
    void on_open(net::ConnectionId, const net::ConnectionInfo&) override {}
    net::FrameVerdict on_frame(net::ConnectionId id, const net::Frame& frame) override {
        shard->send(id, frame.head, frame.payload);
        return net::FrameVerdict::taken;
    }
    void on_close(net::ConnectionId, net::CloseReason) override {}

    net::Shard* shard = nullptr;
};

}  // namespace

std::unique_ptr<EchoServer> start_shard_server() {
    return std::make_unique<ThreadServer>(
        [](const std::function<void(std::uint16_t)>& ready, std::atomic<bool>& stop) {
            const core::SystemClock clock;
            Echo echo;
            net::Shard shard{{}, clock, echo};
            echo.shard = &shard;
            net::ListenerConfig config;
            config.address = "127.0.0.1";
            ready(shard.listen(config)->port);
            while (!stop) {
                const TimeNs now = clock.now();
                if (!shard.poll(now)) shard.wait(now + 100 * ns_per_ms);
            }
        });
}

}  // namespace gantry::bench
