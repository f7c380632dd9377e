// ShardCore: what is behind Shard. One class in several files: core (turns, listeners), read,
// write, close, transports, websocket. Internal.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "host/net/connection_table.h"
#include "host/net/reactor_host.h"
#include "host/net/shard.h"
#include "host/net/tcp_transport.h"
#include "host/net/transport_registry.h"
#include "host/net/transport_swap.h"
#include "host/net/ws_deflate.h"

namespace gantry::net {

class ShardCore final : public ReactorHost {
public:
    ShardCore(const ShardConfig& config, const core::Clock& clock, ShardEvents& events);
    ~ShardCore();

    Result<BoundListener> listen(const ListenerConfig& config);
    void stop_listening();
    void stop_listener(std::uint32_t listener_index);
    void drop_transport(TransportFactory& factory, CloseReason reason);
    Result<Done> swap_transport(const TransportSwap& swap);
    std::size_t uses(const TransportFactory& factory) const noexcept;
    Result<ConnectionId> connect(const ConnectConfig& config);
    bool poll(TimeNs now);
    void wait(TimeNs until);
    Status adopt(int descriptor, std::uint32_t listener_index) noexcept;

    Status send(ConnectionId id, const FrameHead& head, Bytes payload, bool text);
    Status send_shared(ConnectionId id, const SharedMessage& message);
    bool send_frames(ConnectionId id, std::span<const std::byte> frames, std::uint32_t count);
    void flush();
    Status close(ConnectionId id, CloseReason reason);
    void close_all(CloseReason reason);
    Status resume(ConnectionId id);

    const ConnectionInfo* info(ConnectionId id);
    Result<ConnectionStats> stats(ConnectionId id) const;
    ShardCounters counters() const;

    // TransportHost
    Status accepted(std::uint32_t listener_index, Link* link) noexcept override;
    void accept_failed(std::uint32_t listener_index, std::int32_t os_error) noexcept override;

    void mark_ready(Connection& c, std::uint8_t flags) noexcept {
        if (c.ready == 0) ready_.push_back(&c);
        c.ready = static_cast<std::uint8_t>(c.ready | flags);
    }

    ShardConfig config;
    TransportRegistry transports;
    std::atomic<std::uint32_t> load{0};
    std::atomic<std::uint64_t> turned_away{0};  // by an acceptor, as all shards were full
    std::atomic<bool> adopts{true};             // until stop_listening()

private:
    // shard_core.cpp
    Connection* start_connection(const Endpoint& endpoint, Link* link);
    void take_adopted();
    bool memory_waits() const noexcept;
    void give_back_memory();
    void serve_ready();
    void serve(Connection& c, std::uint8_t flags);
    void link_opened(Connection& c);
    void opened(Connection& c, std::string_view target);
    void fill_info(const Connection& c, std::string_view target);
    Connection* find_open(ConnectionId id) const noexcept {
        Connection* const c = table_.find(id);
        return c != nullptr && c->state == ConnectionState::open ? c : nullptr;
    }

    // shard_transports.cpp
    std::vector<Connection*> links_of(const TransportFactory& factory) const;
    bool move_link(Connection& c, const TransportSwap& swap);
    bool move_links(const std::vector<Connection*>& links, const TransportSwap& swap);
    bool move_listeners(const TransportSwap& swap);
    bool move_listener(Endpoint& endpoint, const TransportSwap& swap);
    bool bind_anew(Endpoint& endpoint, TransportFactory& factory);

    // shard_read.cpp
    void read_turn(Connection& c, bool replay);
    bool replay(Connection& c);
    struct Received {
        LinkResult result;
        bool more;
    };
    Received read_stream(Connection& c);
    Received read_message(Connection& c);
    void consume_pending(Connection& c);
    std::size_t consume(Connection& c, std::span<std::byte> bytes);
    std::size_t consume_frames(Connection& c, std::span<const std::byte> bytes);
    std::size_t consume_gantry(Connection& c, std::span<const std::byte> bytes);
    FrameVerdict deliver(Connection& c, const Frame& frame);
    FrameVerdict answer_echo(Connection& c, const Frame& frame);
    bool deliver_or_hold(Connection& c, const Frame& frame);
    void keep(Connection& c, std::span<const std::byte> bytes);
    void grow_pending(Connection& c);
    void release_pending(Connection& c) noexcept;
    static std::uint32_t narrow(std::size_t bytes) noexcept {
        return static_cast<std::uint32_t>(bytes);  // no limit of a payload reaches 4 GiB
    }
    void fail_frame(Connection& c, FrameError error);
    static bool reads(const Connection& c) noexcept { return !c.blocked && delivers(c); }
    static bool delivers(const Connection& c) noexcept {
        return c.state == ConnectionState::open || c.state == ConnectionState::handshaking;
    }

    // shard_write.cpp
    Status enqueue(Connection& c, const FrameHead& head, Bytes payload, bool text);
    void enqueue_stream(Connection& c, const FrameHead& head, Bytes payload);
    Status make_room(Connection& c, std::uint64_t bytes);
    void mark_dirty(Connection& c) {
        if (c.dirty) return;
        c.dirty = true;
        dirty_.push_back(&c);
    }
    void flush_dirty();
    void write_out(Connection& c);
    void check_watermarks(Connection& c);
    void append(Connection& c, std::span<const std::byte> bytes) { c.out.append(pool_, bytes); }

    // shard_close.cpp
    void begin_close(Connection& c, CloseReason reason);
    void drop(Connection& c, CloseReason reason);
    void finish_sending(Connection& c);
    void peer_ended(Connection& c);
    void report_closed();
    void report(Connection& c);
    void release_gone();
    void release(Connection& c) noexcept;
    void run_deadlines();
    void on_deadline(Connection& c);
    void arm_deadline(Connection& c);

    // shard_websocket.cpp
    void start_websocket(Connection& c);
    std::size_t consume_handshake(Connection& c, std::span<const std::byte> bytes);
    void refuse_handshake(Connection& c, const std::string& response);
    std::size_t consume_websocket(Connection& c, std::span<std::byte> bytes);
    void websocket_closed_by_peer(Connection& c, std::span<const std::byte> payload);
    Status enqueue_websocket(Connection& c, const FrameHead& head, Bytes payload, bool text);
    void append_websocket(Connection& c, std::uint8_t opcode, bool compressed,
                          std::span<const std::byte> first, std::span<const std::byte> second);
    void append_websocket_shared_head(Connection& c, bool text, std::uint64_t bytes);
    void append_websocket_close(Connection& c, std::uint16_t code);
    void append_websocket_control(Connection& c);

    ShardEvents& events_;
    const core::Clock& clock_;
    EdgeSet edges_;
    TimeNs now_;
    TcpTransport tcp_;
    BlockPool pool_;
    std::uint64_t released_bytes_ = 0;    // by pool_, when it was last looked at
    std::uint64_t given_back_bytes_ = 0;  // of them
    TimeNs released_at_ = 0;
    ConnectionTable table_;
    DeadlineWheel wheel_;
    std::vector<std::unique_ptr<Endpoint>> endpoints_;
    std::unique_ptr<std::byte[]>
        receive_buffer_;                 // twice the read size: a partial frame goes first
    Bytes parts_[SendQueue::parts_max];  // for gathering; kept, to be cleared only once
    ConnectionInfo info_;
    ShardCounters counters_;
    WsCompressor compressor_;  // one for all: no connection keeps a compression context

    std::vector<Connection*> ready_, serving_;  // serving_: ready_ of this turn
    std::vector<Connection*> dirty_, flushing_;
    std::vector<Connection*> closed_;  // to report
    std::vector<Connection*> gone_;    // to release

    struct Adopted {
        int descriptor;
        std::uint32_t listener_index;
    };
    std::mutex adopted_mutex_;  // only for handing over new connections
    std::vector<Adopted> adopted_;
    std::atomic<bool> any_adopted_{false};
};

}  // namespace gantry::net
