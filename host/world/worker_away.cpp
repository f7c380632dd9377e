// Worker: what happens when its thread is stuck in a world, and when that world is back.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/core/log.h"
#include "host/world/worker.h"

namespace gantry::world {
namespace {

SessionId session_of(std::uint32_t kind, std::span<const std::byte> body) {
    switch (static_cast<route::ToWorld>(kind)) {
        case route::ToWorld::messages:
            return route::read_as<route::MessagesRecord>(body).session;
        case route::ToWorld::opened:
            return route::read_as<route::OpenedRecord>(body).session;
        case route::ToWorld::closed:
            return route::read_as<route::ClosedRecord>(body).session;
        case route::ToWorld::pressure:
            return route::read_as<route::PressureRecord>(body).session;
    }
    return {};
}

bool is(std::uint32_t kind, route::ToWorld what) {
    return kind == static_cast<std::uint32_t>(what);
}

}  // namespace

bool Away::keep(const core::ByteRing::Record& record) {
    const bool closed = is(record.kind, route::ToWorld::closed);
    // Who came and went meanwhile was never there. Other ends are at most as many as the sessions
    // that the world has, and must not get lost.
    if (closed && forget_session(session_of(record.kind, record.body))) return true;
    if (!closed && record_bytes + record.body.size() > world->config().held_bytes_max) return false;
    record_bytes += record.body.size();
    records.push_back({record.kind, {record.body.begin(), record.body.end()}});
    return true;
}

bool Away::forget_session(SessionId session) {
    const auto opened = std::find_if(records.begin(), records.end(), [session](const auto& one) {
        return is(one.kind, route::ToWorld::opened) && session_of(one.kind, one.body) == session;
    });
    if (opened == records.end()) return false;
    std::erase_if(records, [this, session](const route::KeptRecord& one) {
        if (session_of(one.kind, one.body) != session) return false;
        record_bytes -= one.body.size();
        return true;
    });
    return true;
}

bool Worker::let_go() noexcept {
    Turn* const turn = turn_;
    if (turn == nullptr || turn->world == nullptr) return false;
    kept_ = {turn->world, turn->link};
    turn->world->send_by(*spare_);
    turn_ = nullptr;
    turn->lost.store(true, std::memory_order_relaxed);
    return true;
}

void Worker::take_over() {
    const Kept kept = std::exchange(kept_, {});
    GANTRY_ASSERT(kept.world != nullptr);
    auto away = std::make_unique<Away>();
    away->outbox = std::exchange(spare_, outbox_.aside());
    away->world = take_out(kept.world->config().id);
    for (ShardLink& shard : links_) {
        if (shard.link != kept.link) continue;
        away->pinned = shard.link->worker_end;
        replace_ring(shard);
    }
    away_.push_back(std::move(away));
}

// The stuck call may still read its message, which lies in the ring: nothing of that is given back
// to the shard any more. What is in it is read to its end, then the worker follows the shard.
void Worker::replace_ring(ShardLink& shard) {
    route::RoomLink* const link = shard.link;
    const auto same = [link](const Switch& one) { return one.link == link; };
    if (std::any_of(switches_.begin(), switches_.end(), same)) return;  // it is on its way already
    Switch& next = switches_.emplace_back();
    next.link = link;
    next.fresh = std::make_shared<core::ByteRing>(link->worker_end->capacity_bytes());
    shard.post([this, link, same, fresh = next.fresh] {
        link->shard_end->publish();
        link->shard_end = fresh.get();
        port()([this, same] {
            const auto found = std::find_if(switches_.begin(), switches_.end(), same);
            if (found != switches_.end()) found->shard_writes_there = true;
        });
    });
}

bool Worker::pinned(const route::RoomLink& link) const noexcept {
    return std::any_of(away_.begin(), away_.end(),
                       [&](const auto& away) { return away->pinned == link.worker_end; });
}

bool Worker::follow_switch(route::RoomLink& link) {
    const auto found = std::find_if(switches_.begin(), switches_.end(),
                                    [&](const Switch& one) { return one.link == &link; });
    if (found == switches_.end() || !found->shard_writes_there || !link.worker_end->empty())
        return false;
    link.worker_end = std::move(found->fresh);
    switches_.erase(found);
    return true;
}

Away* Worker::find_away(WorldId id) noexcept {
    const auto found = std::find_if(away_.begin(), away_.end(), [id](const auto& away) {
        return away->world->config().id == id;
    });
    return found != away_.end() ? found->get() : nullptr;
}

void Worker::without_world(WorldId id, const core::ByteRing::Record& record) {
    Away* const away = find_away(id);
    if (away == nullptr) {
        ++counters_.no_world;
    } else if (!away->keep(record)) {
        ++counters_.refused;
        outbox_.close(session_of(record.kind, record.body), net::CloseReason::internal);
    }
}

void Worker::run_for(WorldId id, const std::function<void()>& work) {
    World* const world = find(id);
    if (world == nullptr) {
        Away* const away = find_away(id);
        if (away == nullptr) return;
        if (away->work.size() < away_work_max) {
            away->work.push_back(work);
        } else {
            ++counters_.refused;
        }
        return;
    }
    Turn* const turn = turn_;
    turn->world = world;
    work();
    if (turn->is_lost()) return;
    turn->world = nullptr;
    touch(*world);
}

// The stuck thread has left the world. What came for it meanwhile comes before all that is newer.
void Worker::take_back(WorldId id) {
    const auto found = std::find_if(away_.begin(), away_.end(), [id](const auto& away) {
        return away->world->config().id == id;
    });
    GANTRY_ASSERT(found != away_.end());
    const std::unique_ptr<Away> away = std::move(*found);
    away_.erase(found);
    World& world = *away->world;
    log::warn("world {} is back on worker {}", world.config().name, index_);
    world.send_by(outbox_);
    outbox_.adopt(*away->outbox);
    world.home().enter();
    world.set_touched(false);
    put(std::move(away->world));
    std::vector<std::function<void()>> work;
    for (auto& one : away->work) {
        work.push_back([this, id, one = std::move(one)] { run_for(id, one); });
    }
    inbox_.put_first(std::move(work));
    std::move(away->records.begin(), away->records.end(), std::back_inserter(backlog_));
}

}  // namespace gantry::world
