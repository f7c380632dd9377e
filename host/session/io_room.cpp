#include "host/session/io_room.h"

#include <cstring>

#include "host/core/log.h"
#include "host/net/address.h"
#include "host/session/io_instance.h"

namespace gantry::session {
namespace {

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view from) {
    std::memcpy(to, from.data(), std::min(from.size(), N - 1));
}

}  // namespace

IoRoom::IoRoom(const IoRoomConfig& config, route::Surroundings& surroundings,
               const WorldDirectory& worlds, std::vector<WorkerLink> workers, SessionWatch& watch,
               ecs::ComponentNames& names)
    : FacetRoom{surroundings, "on a shard"},
      config_{config},
      worlds_{worlds},
      sessions_{config.shard.index},
      columns_{names, sessions_, config.shard.connections_max},
      tables_{std::make_unique<IoTables>()},
      watch_{watch},
      shard_{config.shard, surroundings.clock(), *this} {
    for (const WorkerLink& link : workers) workers_.push_back(Worker{link, {}});
}

bool IoRoom::poll(TimeNs now) {
    now_ = now;
    inbox_.run();
    followed_ = watch_.wanted() | tables_->followers.kinds();
    services_.poll(now);
    const bool more = drain_workers();
    resume_waiting();
    return shard_.poll(now) || more;
}

void IoRoom::on_open(net::ConnectionId id, const net::ConnectionInfo& info) {
    Session& session = sessions_.open(id);
    ++counters_.sessions_opened;
    if (followed(SessionEventKind::established)) {
        tell(SessionEventKind::established, session.id, net::address_text(info.remote));
    }
    session.listener = info.listener_index;
    if (session.listener >= tables_->onions.size()) return;  // outbound: no world, no layers
    tables_->onions[session.listener].opened(session.id);
    const ListenerPlan& plan = plans_[session.listener];
    session.world = seating_.choose(
        plan.world, SessionFacts{session.id, plan.net.name, info.protocol, info.remote});
    send_opened(session, false);
}

void IoRoom::send_opened(Session& session, bool moved) {
    if (!session.world) return;
    const auto info = shard_.info(session.connection);
    if (!info) return;
    route::OpenedRecord record;
    record.world = session.world;
    record.moved = moved ? 1 : 0;
    record.session = session.id;
    record.since = info->since;
    copy_text(record.remote, net::address_text(info->remote));
    copy_text(record.protocol, info->protocol);
    copy_text(record.listener, plans_[session.listener].net.name);
    push_control(session.world, route::ToWorld::opened, route::bytes_of(record));
}

void IoRoom::on_close(net::ConnectionId id, net::CloseReason reason) {
    Session* const session = sessions_.of(id);
    if (session == nullptr) return;
    ++counters_.sessions_closed;
    // At the room's end a plugin's transport leaves after the layers.
    if (session->listener < tables_->onions.size()) {
        tables_->onions[session->listener].closed(session->id);
    }
    const char* const why = net::close_reason_name(reason);
    if (!net::is_orderly(reason)) tell(SessionEventKind::error, session->id, why);
    tell(SessionEventKind::closed, session->id, why);
    if (session->world) {
        route::ClosedRecord record;
        record.world = session->world;
        record.reason = static_cast<std::uint32_t>(reason);
        record.session = session->id;
        push_control(session->world, route::ToWorld::closed, route::bytes_of(record));
    }
    columns_.forget(*session);
    sessions_.close(*session);
}

void IoRoom::on_batch_end() {
    flush_pending();
    for (Worker& worker : workers_) {
        if (worker.to.link->shard_end->publish()) worker.to.waker->wake();
    }
}

void IoRoom::push_control(WorldId world, route::ToWorld kind, std::span<const std::byte> body) {
    Worker* const worker = worker_of(world);
    if (worker == nullptr) return;
    if (worker->pending.empty()) {
        const auto room =
            worker->to.link->shard_end->push(static_cast<std::uint32_t>(kind), body.size());
        if (!room.empty()) {
            std::memcpy(room.data(), body.data(), body.size());
            return;
        }
    }
    worker->pending.push_back({static_cast<std::uint32_t>(kind), {body.begin(), body.end()}});
}

void IoRoom::flush_pending() {
    for (Worker& worker : workers_) {
        if (worker.pending.empty()) continue;
        bool asked = false;
        while (!worker.pending.empty()) {
            const route::KeptRecord& first = worker.pending.front();
            const auto room = worker.to.link->shard_end->push(first.kind, first.body.size());
            if (room.empty()) {
                if (asked) break;
                worker.to.link->shard_waits.exchange(true);  // and look again, see ring_has_room()
                asked = true;
                continue;
            }
            std::memcpy(room.data(), first.body.data(), first.body.size());
            worker.pending.pop_front();
        }
        // Sessions that waited behind these are resumed in the next turn.
        if (worker.pending.empty() && !waiting_.empty()) shard_.wake();
    }
}

void IoRoom::tell(SessionEventKind kind, SessionId session, std::string_view text,
                  std::uint16_t message_id, std::uint64_t bytes) {
    if (!followed(kind)) return;
    SessionEvent event;
    event.kind = kind;
    event.message_id = message_id;
    event.session = session;
    event.at = now_;
    event.payload_bytes = bytes;
    event.text = text;
    if ((watch_.wanted() & session_kinds::bit(kind)) != 0) watch_.tell(event);
    tables_->followers.tell(event, [this](const auto& follower, const auto& body) {
        route::FacetInstance* const serving = find_owner(follower.owner->id);
        if (serving == nullptr) return;
        route::call_facet(*serving, core::CallKind::session, "session event", body);
    });
}

void IoRoom::pressure(net::ConnectionId id, bool high) {
    const Session* const session = sessions_.of(id);
    if (session == nullptr || !session->world) return;
    route::PressureRecord record;
    record.world = session->world;
    record.high = high ? 1 : 0;
    record.session = session->id;
    push_control(session->world, route::ToWorld::pressure, route::bytes_of(record));
}

IoRoom::Worker* IoRoom::worker_of(WorldId world) noexcept {
    if (!world) return nullptr;
    const std::uint16_t worker = worlds_.worker(world);
    return worker < workers_.size() ? &workers_[worker] : nullptr;
}

Status IoRoom::close(SessionId id, net::CloseReason reason) {
    Session* const session = sessions_.find(id);
    if (session == nullptr) return Status::not_found;
    return shard_.close(session->connection, reason);
}

Status IoRoom::release(SessionId id, Verdict verdict) {
    Session* const session = sessions_.find(id);
    if (session == nullptr) return Status::not_found;
    if (!session->held || verdict == Verdict::hold) return Status::invalid;
    session->released = true;
    session->released_verdict = verdict;
    shard_.wake();  // it is resumed in the next turn
    return Status::ok;
}

std::vector<SessionSnapshot> IoRoom::snapshot(std::size_t count_max) {
    std::vector<SessionSnapshot> all;
    sessions_.each([&](Session& session) {
        if (all.size() >= count_max) return;
        const auto info = shard_.info(session.connection);
        const auto stats = shard_.stats(session.connection);
        if (!info || !stats) return;
        SessionSnapshot one;
        one.id = session.id;
        one.world = session.world;
        one.remote = net::address_text(info->remote);
        one.protocol = info->protocol;
        one.listener = session.listener;
        one.stats = *stats;
        one.since = info->since;
        all.push_back(std::move(one));
    });
    return all;
}

}  // namespace gantry::session
