// A whole shard under a script of peers that connect, write anything, stall, end and break, and of
// a layer above that blocks, answers and closes: every on_open meets one on_close, and all memory
// comes back.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>
#include <vector>

#include "host/core/clock.h"
#include "host/net/memory_network.h"
#include "host/net/shard.h"
#include "host/net/transport_registry.h"

using namespace gantry;
using namespace gantry::net;

namespace {

class Layer final : public ShardEvents {
public:
    void on_open(ConnectionId id, const ConnectionInfo&) override {
        if (!open.insert(id.value).second) std::abort();
    }
    FrameVerdict on_frame(ConnectionId id, const Frame& frame) override {
        if (open.count(id.value) == 0 || frame.payload.size() > 600) std::abort();
        if (blocking) {
            blocked.push_back(id);
            return FrameVerdict::blocked;
        }
        shard->send(id, frame.head, frame.payload, frame.text);
        if (closing) shard->close(id, CloseReason::requested);
        return FrameVerdict::taken;
    }
    void on_close(ConnectionId id, CloseReason) override {
        if (open.erase(id.value) != 1) std::abort();
    }

    Shard* shard = nullptr;
    std::set<std::uint64_t> open;
    std::vector<ConnectionId> blocked;
    bool blocking = false, closing = false;
};

void listen(Shard& shard, std::uint16_t port, Framing framing, const char* transport) {
    ListenerConfig config;
    config.transport = transport;
    config.address = "fuzz";
    config.port = port;
    config.framing = framing;
    config.payload_bytes_max = 600;
    config.idle_ms = 20'000;
    config.queue = {500, 200, 2000};
    config.websocket.permessage_deflate = true;
    config.websocket.deflate_payload_bytes_min = 16;
    config.websocket.ping_interval_ms = 3000;
    if (!shard.listen(config)) std::abort();
}

constexpr std::string_view upgrade =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

void step(std::uint8_t operation, std::string_view bytes, std::vector<MemoryClient>& clients,
          MemoryNetwork& network, Layer& layer) {
    if (operation < 48 || clients.empty()) {
        if (clients.size() < 8) {
            clients.push_back(network.connect("fuzz", 1 + operation % 7));
            if (operation % 7 >= 5) clients.back().write(upgrade);
        }
        return;
    }
    MemoryClient& client = clients[bytes.size() % clients.size()];
    switch (operation % 12) {
        case 0:
            client.stall(true);
            break;
        case 1:
            client.stall(false);
            break;
        case 2:
            client.split_reads(1 + bytes.size() % 5);
            break;
        case 3:
            client.close();
            break;
        case 4:
            client.reset();
            break;
        case 5:
            layer.blocking = true;
            break;
        case 6:
            layer.blocking = false;
            for (const ConnectionId id : layer.blocked) layer.shard->resume(id);
            layer.blocked.clear();
            break;
        case 7:
            layer.closing = !layer.closing;
            break;
        case 8:
            client.read();
            break;
        default:
            client.write(bytes);
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    core::ManualClock clock;
    MemoryNetwork network;
    Layer layer;
    ShardConfig config;
    config.receive_buffer_bytes = 256;  // so that frames are larger than it
    config.connections_max = 6;
    Shard shard{config, clock, layer};
    layer.shard = &shard;
    if (!shard.transports().add(network)) std::abort();
    for (std::uint16_t i = 0; i < 5; ++i) listen(shard, 1 + i, static_cast<Framing>(i), "memory");
    listen(shard, 6, Framing::line, "ws+memory");
    listen(shard, 7, Framing::gantry, "ws+memory");

    std::vector<MemoryClient> clients;
    std::size_t at = 0;
    while (at + 2 <= size) {
        const std::uint8_t operation = data[at];
        const std::size_t count = std::min<std::size_t>(data[at + 1], size - at - 2);
        step(operation, {reinterpret_cast<const char*>(data + at + 2), count}, clients, network,
             layer);
        at += 2 + count;
        clock.advance(operation * ns_per_ms);
        for (int i = 0; i < 4; ++i) shard.poll(clock.now());
    }
    shard.close_all(CloseReason::shutdown);
    for (int i = 0; i < 4; ++i) {
        for (int turn = 0; turn < 20; ++turn) shard.poll(clock.now());
        clock.advance(ns_per_s);
    }
    if (!layer.open.empty() || shard.load() != 0) std::abort();
    if (shard.counters().pool_used_bytes != 0) std::abort();
    return 0;
}
