// ListenerConfig: what a manifest says about one place where connections arrive.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/net/framing.h"

namespace gantry::net {

/// Which shard gets a new connection. `kernel`: every shard listens on the same port and the kernel
/// chooses. The others: one Acceptor accepts and hands descriptors over.
enum class Balance : std::uint8_t { kernel, round_robin, least, hash };

const char* balance_name(Balance balance) noexcept;
std::optional<Balance> balance_from_name(std::string_view name) noexcept;

/// Bytes waiting to be sent on one connection. Above `high` on_high_watermark is called, at or
/// below `low` on_low_watermark; a message that would pass `max` closes the connection as a slow
/// consumer.
struct QueueLimits {
    std::uint32_t high_bytes = 256 * 1024;
    std::uint32_t low_bytes = 64 * 1024;
    std::uint32_t max_bytes = 1024 * 1024;
};

struct WebSocketOptions {
    std::string path;                       ///< the only request path accepted; empty: any
    std::vector<std::string> subprotocols;  ///< offered to the peer, the first common one is chosen
    std::vector<std::string> origins;       ///< allowed Origin headers; empty: any, also none
    bool permessage_deflate = false;
    std::uint32_t ping_interval_ms = 0;  ///< after so long without a byte from the peer; 0: never
    std::uint32_t fragments_max = 1024;  ///< of one message
    std::uint32_t control_frames_per_s = 64;
    std::uint32_t deflate_payload_bytes_min = 256;  ///< smaller messages go uncompressed
};

struct ListenerConfig {
    std::string name;  ///< for logs and errors
    std::string transport =
        "tcp";  ///< "tcp", "ws" (= "ws+tcp"), "memory", "ws+memory", a plugin's scheme
    std::string address = "0.0.0.0";
    std::uint16_t port = 0;  ///< 0: any free one, see BoundListener
    Framing framing = Framing::gantry;
    std::uint32_t payload_bytes_max = 65'535;
    std::uint16_t backlog = 1024;
    std::uint32_t handshake_ms = 5'000;  ///< until a WebSocket or other handshake must be done
    std::uint32_t idle_ms = 0;           ///< without a byte from the peer; 0: never closed for it
    QueueLimits queue;
    WebSocketOptions websocket;
    Balance balance = Balance::kernel;
    /// With `kernel`: another shard of this process listens on this port already. The first one
    /// fails when anybody does.
    bool join_port = false;
};

/// What listen() made.
struct BoundListener {
    std::uint32_t index = 0;  ///< ConnectionInfo::listener_index of its connections
    std::uint16_t port = 0;   ///< the real one
};

/// An outbound connection: the same fields where they mean the same.
struct ConnectConfig {
    std::string transport = "tcp";
    std::string address = "127.0.0.1";  ///< a literal: names are resolved above
    std::uint16_t port = 0;
    Framing framing = Framing::gantry;
    std::uint32_t payload_bytes_max = 65'535;
    std::uint32_t handshake_ms = 5'000;
    std::uint32_t idle_ms = 0;
    QueueLimits queue;
    WebSocketOptions websocket;  ///< path is the request target; the first origin is sent
};

}  // namespace gantry::net
