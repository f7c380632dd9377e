// Helpers for tests of the network: frames as text, events as a log, a shard over memory links.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/clock.h"
#include "host/net/memory_network.h"
#include "host/net/shard.h"
#include "host/net/transport_registry.h"

namespace gantry::test {

/// A frame of the `gantry` framing as bytes.
inline std::string frame_bytes(std::uint16_t id, std::string_view payload, std::uint8_t flags = 0,
                               std::uint32_t correlation = 0, std::uint8_t channel = 0) {
    net::FrameHead head{static_cast<std::uint32_t>(payload.size()), id, flags, channel,
                        correlation};
    std::string wire(net::frame_header_bytes, '\0');
    net::encode_head(head, reinterpret_cast<std::byte*>(wire.data()));
    return wire.append(payload);
}

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Cuts complete frames off `wire`, as "id:payload".
inline std::vector<std::string> cut_all(std::string_view wire,
                                        net::Framing framing = net::Framing::gantry) {
    std::vector<std::string> frames;
    auto bytes = std::as_bytes(std::span{wire});
    while (true) {
        const net::Cut cut = net::cut_frame(framing, 1 << 24, bytes);
        if (cut.what != net::Cut::What::frame) return frames;
        frames.push_back(std::to_string(cut.frame.head.message_id) + ":" +
                         text_of(cut.frame.payload));
        bytes = bytes.subspan(cut.consumed);
    }
}

/// Writes down what a shard tells, and blocks or answers as a test asks.
class RecordingEvents : public net::ShardEvents {
public:
    void on_open(net::ConnectionId id, const net::ConnectionInfo& info) override {
        opened.push_back(id);
        last_target = info.target;
        last_info = info;
        log.push_back("open");
    }
    net::FrameVerdict on_frame(net::ConnectionId id, const net::Frame& frame) override {
        if (handler) return handler(id, frame);
        if (block_after == frames.size()) return net::FrameVerdict::blocked;
        frames.push_back((frame.text ? "text:" : "") + std::to_string(frame.head.message_id) + ":" +
                         text_of(frame.payload));
        return net::FrameVerdict::taken;
    }
    void on_batch_end() override {
        ++batches;
        if (batch_end) batch_end();
    }
    void on_high_watermark(net::ConnectionId) override { log.push_back("high"); }
    void on_low_watermark(net::ConnectionId) override { log.push_back("low"); }
    void on_close(net::ConnectionId id, net::CloseReason reason) override {
        closed.push_back(id);
        log.push_back(std::string{"close "} + net::close_reason_name(reason));
        if (on_closed) on_closed(id);
    }

    std::function<net::FrameVerdict(net::ConnectionId, const net::Frame&)> handler;
    std::function<void()> batch_end;
    std::function<void(net::ConnectionId)> on_closed;
    std::size_t block_after = SIZE_MAX;  // frames taken until the next is blocked
    std::vector<std::string> frames;
    std::vector<std::string> log;
    std::vector<net::ConnectionId> opened, closed;
    std::string last_target;
    net::ConnectionInfo last_info;
    int batches = 0;
};

/// One shard over a memory network with a clock that stands still.
struct MemoryShard {
    explicit MemoryShard(net::ShardConfig config = {}) : shard{config, clock, events} {
        const auto added = shard.transports().add(network);
        GANTRY_ASSERT(added.has_value());
    }

    net::ListenerConfig listener(net::Framing framing = net::Framing::gantry,
                                 std::string transport = "memory") {
        net::ListenerConfig config;
        config.name = "test";
        config.transport = std::move(transport);
        config.address = "here";
        config.port = 1;
        config.framing = framing;
        return config;
    }
    net::MemoryClient connect() { return network.connect("here", 1); }
    void poll(int times = 1) {
        for (int i = 0; i < times; ++i) shard.poll(clock.now());
    }
    /// Until nothing more is ready.
    void settle() {
        for (int i = 0; i < 1000 && shard.poll(clock.now()); ++i) {
        }
    }
    void advance(TimeNs by) {
        clock.advance(by);
        settle();
    }

    core::ManualClock clock;
    RecordingEvents events;
    net::MemoryNetwork network;
    net::Shard shard;
};

}  // namespace gantry::test
