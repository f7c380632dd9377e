// Shard: the room of some connections. One thread at a time polls it; it never blocks but in
// wait().
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "gantry/transport.h"
#include "host/core/clock.h"
#include "host/core/result.h"
#include "host/net/close_reason.h"
#include "host/net/connection_id.h"
#include "host/net/frame.h"
#include "host/net/listener.h"
#include "host/net/shared_message.h"

namespace gantry::net {

class TransportRegistry;
struct TransportSwap;

inline constexpr std::uint32_t no_listener = 0xFFFFFFFF;

/// What is known of a connection for its whole life.
struct ConnectionInfo {
    std::string_view protocol;  ///< "tcp", "ws", "memory"; lives as long as the shard
    NetAddress local;
    NetAddress remote;
    std::uint32_t listener_index = no_listener;  ///< no_listener: made by connect()
    TimeNs since = 0;
    std::string_view target;  ///< WebSocket request target; only during on_open
};

/// What a connection did so far.
struct ConnectionStats {
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    TimeNs last_activity = 0;  ///< when the peer's last byte was read
    std::uint32_t queued_bytes = 0;
};

/// `blocked`: not now. The frame and all behind it stay with the connection, and nothing more is
/// read from it, until resume(); the frame is then shown again.
enum class FrameVerdict : std::uint8_t { taken, blocked };

/// What a shard tells the layer above, on its thread from within poll(), the watermarks also from
/// flush(). Every method may call the shard back, also to close the connection that it is told
/// about.
class ShardEvents {
public:
    virtual ~ShardEvents() = default;
    /// The connection is ready for frames both ways.
    virtual void on_open(ConnectionId id, const ConnectionInfo& info) = 0;
    virtual FrameVerdict on_frame(ConnectionId id, const Frame& frame) = 0;
    /// Once per poll, after all reads and before the writes: the moment to wake workers and to
    /// send.
    virtual void on_batch_end() {}
    virtual void on_high_watermark(ConnectionId) {}
    virtual void on_low_watermark(ConnectionId) {}
    /// Exactly once for every on_open; info() and stats() still answer during the call.
    virtual void on_close(ConnectionId id, CloseReason reason) = 0;
};

/// Why a connection was turned away before on_open.
enum class RefuseReason : std::uint8_t { max, handshake, timeout, peer_left, accept_error, count_ };
const char* refuse_reason_name(RefuseReason reason) noexcept;

/// Sums since the shard was made. Copied out whole by counters().
struct ShardCounters {
    std::uint64_t accepted = 0;
    std::uint64_t connected = 0;  ///< outbound links that opened
    std::array<std::uint64_t, static_cast<std::size_t>(RefuseReason::count_)> refused{};
    std::array<std::uint64_t, close_reason_count> closed{};
    std::uint64_t frames_in = 0, frames_out = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint64_t reads = 0, writes = 0;  ///< calls of the links
    std::uint64_t encodings = 0;          ///< payloads copied by send()
    std::uint64_t shared_sends = 0;       ///< references queued by send_shared()
    std::uint64_t echoes = 0;             ///< frames answered by the shard itself
    std::uint64_t blocked = 0;            ///< times a frame was refused with `blocked`
    std::uint64_t high_watermarks = 0;
    std::uint64_t write_blocked = 0;     ///< times a link took less than was queued
    std::uint64_t pool_allocations = 0;  ///< blocks taken from the system, not from the pool
    std::uint64_t pool_bytes = 0;        ///< now: memory of the pool, in use or kept
    std::uint64_t pool_used_bytes = 0;   ///< now: queues, partial and blocked frames
    std::uint64_t accept_backoffs = 0;
    std::uint32_t open = 0;  ///< now: connections between on_open and on_close
};

struct ShardConfig {
    std::uint32_t index = 0;  ///< 0..255, in every ConnectionId
    std::uint32_t connections_max = 65'536;
    std::uint32_t receive_buffer_bytes = 64 * 1024;
    std::uint32_t read_bytes_per_turn = 256 * 1024;  ///< of one connection, then the others' turn
    std::uint32_t early_write_bytes = 4096;  // answers to one read that need not wait for the batch
    std::uint32_t adopt_queue_max = 1024;
    std::uint32_t linger_ms = 2'000;  // after close(): to write the rest and see the peer's end
    std::uint32_t pool_keep_bytes = 4 * 1024 * 1024;  ///< free blocks kept for later
};

class Shard {
public:
    /// `clock` and `events` outlive the shard.
    Shard(const ShardConfig& config, const core::Clock& clock, ShardEvents& events);
    ~Shard();  ///< drops all connections without a further event
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// The schemes this shard knows: "tcp" from the start; add others before listen(). [io]
    TransportRegistry& transports() noexcept;

    /// Errors name the listener, address and port. With a balance other than `kernel` nothing is
    /// bound: the listener waits for adopt() (see Acceptor). [io]
    Result<BoundListener> listen(const ListenerConfig& config);
    /// Accept nothing more, at all or on one listener; connections stay. [io]
    void stop_listening();
    void stop_listener(std::uint32_t listener_index);
    /// Takes a transport out: its listeners stop, its connections end at once with `reason`. After
    /// the next poll() nothing of it is called any more. [io]
    void drop_transport(TransportFactory& factory, CloseReason reason);
    /// Puts a transport in the place of another of the same scheme (transport_swap.h). Not from
    /// within poll(). [io]
    Result<Done> swap_transport(const TransportSwap& swap);
    /// Listeners and connections of the transport that are open. [io]
    std::size_t uses(const TransportFactory& factory) const noexcept;
    /// Opens an outbound connection; on_open or on_close(connect_failed, handshake_timeout)
    /// follows, the latter without an on_open. [io]
    Result<ConnectionId> connect(const ConnectConfig& config);

    /// Runs what is ready, calls events, writes what is queued; never blocks. True if there is more
    /// to do already. [io]
    bool poll(TimeNs now);
    /// Blocks until something is ready, wake() is called or the clock reaches `until`. [io]
    void wait(TimeNs until);
    /// Makes the present or the next wait() return. [any thread]
    void wake() noexcept;

    /// Takes over an accepted, connected TCP socket for a listener of this shard; on any Status but
    /// ok the descriptor is still the caller's. [any thread]
    Status adopt(int descriptor, std::uint32_t listener_index) noexcept;
    /// Counts a connection that no shard could adopt as refused for `max`. [any thread]
    void count_refused() noexcept;
    /// Connections and those being adopted. [any thread]
    std::uint32_t load() const noexcept;

    /// Copies header and payload into the connection's queue; head.payload_bytes is set from
    /// `payload`. `text`: as a WebSocket text message. not_found: gone. limit: the queue is full
    /// and the connection will close as a slow consumer. invalid: the framing cannot carry it. [io]
    Status send(ConnectionId id, const FrameHead& head, Bytes payload, bool text = false);
    /// The same without a copy of the payload. [io]
    Status send_shared(ConnectionId id, const SharedMessage& message);
    /// `count` whole frames in framing `gantry`, in one piece. False, and nothing is done, where
    /// they cannot go out as they are or would pass the high watermark: send() them one by one.
    bool send_frames(ConnectionId id, std::span<const std::byte> frames, std::uint32_t count);
    /// Writes all queues now; poll() does it after on_batch_end(). [io]
    void flush();
    /// Ends a connection after what is queued was written; on_close comes within the next poll().
    /// [io]
    Status close(ConnectionId id, CloseReason reason);
    void close_all(CloseReason reason);
    /// Shows the blocked frame again within the next poll() and reads on. [io]
    Status resume(ConnectionId id);

    /// Null when gone. Valid until the next call of the shard. [io]
    const ConnectionInfo* info(ConnectionId id) const;
    Result<ConnectionStats> stats(ConnectionId id) const;
    ShardCounters counters() const;
    std::uint32_t index() const noexcept;

private:
    std::unique_ptr<class ShardCore> core_;
};

}  // namespace gantry::net
