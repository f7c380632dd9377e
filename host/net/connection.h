// Connection: what a shard keeps of one link. Small while idle: no buffer, no queue. Internal.
#pragma once
#include <memory>
#include <string>

#include "gantry/transport.h"
#include "host/net/block_pool.h"
#include "host/net/close_reason.h"
#include "host/net/connection_id.h"
#include "host/net/deadline_wheel.h"
#include "host/net/edge_set.h"
#include "host/net/listener.h"
#include "host/net/send_queue.h"

namespace gantry::net {

class ShardCore;
class WsSession;

/// The settings that the connections of a listener, or one outbound connection, share.
struct Endpoint {
    std::string name;
    std::string protocol;
    std::uint32_t index = 0;
    Framing framing = Framing::gantry;
    LinkKind kind = LinkKind::stream;
    bool websocket = false;
    bool client = false;
    std::uint32_t payload_bytes_max = 0;
    TimeNs handshake_ns = 0;
    TimeNs idle_ns = 0;
    TimeNs ping_ns = 0;
    QueueLimits queue;
    WebSocketOptions ws;
    TransportFactory* factory = nullptr;
    TransportListener* listener = nullptr;  // null: fed by adopt(), or outbound
    std::string address;                    // where it is bound
    std::uint16_t port = 0;
    std::uint16_t backlog = 0;
};

/// A frame that the layer above did not take: header, then payload, in one block.
struct HeldFrame {
    FrameHead head;
    bool text = false;
    std::uint32_t block_bytes = 0;
};

enum class ConnectionState : std::uint8_t {
    free,
    opening,      // the link is not up yet
    handshaking,  // WebSocket upgrade
    open,
    closing,    // writes what is queued, reads nothing of interest
    lingering,  // has ended its side and waits for the peer's end
    gone,       // released at the end of this turn
};

namespace ready_flags {
inline constexpr std::uint8_t readable = 1;
inline constexpr std::uint8_t writable = 2;
inline constexpr std::uint8_t replay = 4;  // show the blocked frame again
}  // namespace ready_flags

struct Connection final : LinkEvents, ReadinessSink, DeadlineNode {
    Connection() noexcept;
    ~Connection();
    void readable() noexcept override;
    void writable() noexcept override;
    void on_readable() noexcept override { readable(); }
    void on_writable() noexcept override { writable(); }

    ShardCore* core = nullptr;
    std::uint32_t slot = 0;
    std::uint32_t generation = 1;
    ConnectionId id;

    ConnectionState state = ConnectionState::free;
    std::uint8_t ready = 0;  // ready_flags; not zero: it is in the ready list
    CloseReason reason = CloseReason::none;
    bool was_open : 1 = false;      // on_open was called
    bool reported : 1 = false;      // on_close was called, or there is nothing to call
    bool dirty : 1 = false;         // it is in the list to flush
    bool blocked : 1 = false;       // a frame was not taken
    bool echo_blocked : 1 = false;  // by the shard itself: its answers are not read
    bool write_waits : 1 = false;   // the link took no more
    bool above_high : 1 = false;
    bool peer_ended : 1 = false;
    bool plain : 1 = false;      // framing `gantry` on a stream: the short way
    bool peer_text : 1 = false;  // the last message came as text

    Link* link = nullptr;
    EdgeWatch edge;  // unused when the link reports by itself
    const Endpoint* endpoint = nullptr;
    std::unique_ptr<Endpoint> own_endpoint;  // of an outbound connection
    std::unique_ptr<WsSession> ws;

    // Bytes that were read and do not make a whole frame yet, or come behind a blocked one.
    Block pending;
    std::uint32_t pending_bytes = 0;
    std::uint32_t needed_bytes = 0;   // no use looking before so many are there
    std::uint32_t scanned_bytes = 0;  // of pending, without an end of line
    HeldFrame* held = nullptr;

    SendQueue out;

    NetAddress local;
    NetAddress remote;
    TimeNs since = 0;
    TimeNs last_activity = 0;
    TimeNs closing_since = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

}  // namespace gantry::net
