// IoRoom: a shard with all that runs on it: sessions, middleware, stateless routes, links to
// workers.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/net/shard.h"
#include "host/platform/waker.h"
#include "host/route/facet_room.h"
#include "host/route/onion.h"
#include "host/route/records.h"
#include "host/route/route_table.h"
#include "host/route/session_followers.h"
#include "host/session/connection_columns.h"
#include "host/session/io_report.h"
#include "host/session/seating.h"
#include "host/session/session_table.h"
#include "host/session/session_watch.h"
#include "host/session/world_directory.h"

namespace gantry::session {

class IoInstance;
class ShardChange;
using IoRouteTable = route::RouteTable<IoRouteFunction, IoInstance>;

/// A listener as the rooms above the shard see it.
struct ListenerPlan {
    net::ListenerConfig net;
    WorldId world;                               ///< new sessions join it; none: they stay outside
    std::vector<std::string> middleware;         ///< names of layers, outermost first
    std::map<std::string, std::string> options;  ///< for the transport of a plugin
};

/// What plugins of one shard have published; replaced whole.
struct IoTables {
    /// Refuses two owners of one message id or layer, naming both, and a listener that lists a
    /// layer which nobody offers: without its middleware a listener must not run.
    static Result<std::unique_ptr<IoTables>> build(
        const std::vector<route::FacetInstance*>& instances,
        const std::vector<ListenerPlan>& listeners);

    std::vector<route::Onion> onions;  ///< by listener index
    IoRouteTable routes;
    route::SessionFollowers followers;
};

struct IoRoomConfig {
    net::ShardConfig shard;
    std::uint32_t credit_messages = 1024;
    std::uint32_t credit_bytes = 1024 * 1024;
};

/// A worker as a shard sees it.
struct WorkerLink {
    route::RoomLink* link = nullptr;
    platform::Waker* waker = nullptr;
};

class IoRoom final : public net::ShardEvents, public route::FacetRoom {
public:
    IoRoom(const IoRoomConfig& config, route::Surroundings& surroundings,
           const WorldDirectory& worlds, std::vector<WorkerLink> workers, SessionWatch& watch,
           ecs::ComponentNames& names);
    ~IoRoom() override;

    /// Only before the first poll, or by a closure of inbox(). [io]
    Result<net::BoundListener> listen(const ListenerPlan& plan);
    /// Whether that plugin serves here with a transport of that scheme. [io]
    bool brings(std::string_view plugin, std::string_view scheme) noexcept;
    const IoTables& tables() const noexcept { return *tables_; }
    const std::vector<ListenerPlan>& listeners() const noexcept { return plans_; }

    /// One turn; never blocks. True if there is more to do already. [io]
    bool poll(TimeNs now);
    void wait(TimeNs until) { shard_.wait(until); }
    void wake() noexcept override { shard_.wake(); }

    net::Shard& shard() noexcept { return shard_; }
    Seating& seating() noexcept { return seating_; }
    ConnectionColumns& columns() noexcept { return columns_; }
    const IoCounters& counters() const noexcept { return counters_; }
    std::uint32_t session_count() const noexcept { return sessions_.count(); }
    std::vector<SessionSnapshot> snapshot(std::size_t count_max);

    // What IoInstance offers to plugins. [io]
    Status send(SessionId to, const net::FrameHead& head, Bytes payload, bool text);
    /// `invalid` for what is no request.
    Status answer_failure(const IoMessage& message, Status status, std::string_view sentence);
    Status close(SessionId session, net::CloseReason reason);
    Status release(SessionId session, Verdict verdict);

    // net::ShardEvents
    void on_open(net::ConnectionId id, const net::ConnectionInfo& info) override;
    net::FrameVerdict on_frame(net::ConnectionId id, const net::Frame& frame) override;
    void on_batch_end() override;
    void on_high_watermark(net::ConnectionId id) override { pressure(id, true); }
    void on_low_watermark(net::ConnectionId id) override { pressure(id, false); }
    void on_close(net::ConnectionId id, net::CloseReason reason) override;

private:
    friend class ShardChange;
    /// Waits until a crashed layer has gone back.
    struct Detained {
        SessionId to;
        net::FrameHead head;
        std::vector<std::byte> payload;
        bool text = false;
    };
    struct Worker {
        WorkerLink to;
        std::deque<route::KeptRecord> pending;
    };

    bool drain_workers();
    void handle(route::ToShard kind, std::span<std::byte> body);
    void send_frames(const route::SendRecord& record, std::span<const std::byte> frames);
    void handle_shared(std::span<std::byte> body);
    void handle_move(const route::MoveRecord& record);
    void forward(std::span<std::byte> body);
    void flush_pending();
    void resume_waiting();
    /// Null where the ring is full.
    std::byte* room_for_message(core::ByteRing& ring, const Session& session,
                                std::size_t payload_bytes);
    /// False where the ring is full.
    bool push_message(Session& session, Worker& worker, const net::FrameHead& head, Bytes payload,
                      std::uint32_t text);
    /// Nobody here looks at what this session sends, and nothing makes it wait.
    bool goes_straight(const Session& session, std::uint16_t message_id) const noexcept;
    net::FrameVerdict wait_for_room(Session& session);
    /// Whether the session's largest frame fits on its way to the worker; null: it goes to none.
    bool ring_has_room(Worker* worker, const Session& session);
    /// A layer holds its message that has not decided, and still can.
    bool still_held(const Session& session) noexcept;
    /// A fault has parked one of its layers, and the predecessor of that is about to come back.
    bool layer_comes_back(const Session& session) noexcept;
    bool comes_back(const route::Onion& onion) noexcept;
    /// The same of one with an outbound half: what workers send stays in their rings meanwhile.
    bool way_out_comes_back() noexcept;
    Verdict through_layers(Session& session, IoMessage& message);
    net::FrameVerdict to_world(Session& session, Worker* worker, const IoMessage& message);
    void push_control(WorldId world, route::ToWorld kind, std::span<const std::byte> body);
    void send_opened(Session& session, bool moved);
    void pressure(net::ConnectionId id, bool high);
    bool has_outbound(const Session& session) const noexcept {
        return session.listener < tables_->onions.size() &&
               tables_->onions[session.listener].has_outbound();
    }
    bool followed(SessionEventKind kind) const noexcept {
        return (followed_ & session_kinds::bit(kind)) != 0;
    }
    void tell(SessionEventKind kind, SessionId session, std::string_view text,
              std::uint16_t message_id = 0, std::uint64_t bytes = 0);
    Worker* worker_of(WorldId world) noexcept;
    std::unique_ptr<route::FacetInstance> make(const route::FacetOrder& order, Plugin* plugin,
                                               std::span<const std::uint32_t> replaces) override;
    Result<std::unique_ptr<route::RoomChange>> prepare(
        std::span<const route::FacetExchange> changes) override;
    /// The transports of `in` in the place of those of `out`, which may be null; all or none,
    /// unless it `must` be.
    Result<Done> publish_transports(IoInstance& in, IoInstance* out, bool must);
    /// `unavailable` when a layer crashed that comes back.
    Status send_through_layers(Session& session, net::FrameHead head, Bytes payload, bool text);
    Status detain(SessionId to, const net::FrameHead& head, Bytes payload, bool text);
    void release_detained();

    IoRoomConfig config_;
    const WorldDirectory& worlds_;
    std::vector<Worker> workers_;
    SessionTable sessions_;
    ConnectionColumns columns_;
    std::vector<ListenerPlan> plans_;
    Seating seating_;
    std::unique_ptr<IoTables> tables_;
    SessionWatch& watch_;
    std::vector<SessionId> waiting_;
    std::vector<SessionId> resuming_;
    std::vector<Detained> detained_;
    std::uint64_t detained_bytes_ = 0;
    IoCounters counters_;
    TimeNs now_ = 0;
    std::uint32_t followed_ = 0;  ///< what somebody wants to hear of sessions, as of this turn
    net::Shard shard_;  // last: its destructor needs nothing of the above, and its events all of it
};

}  // namespace gantry::session
