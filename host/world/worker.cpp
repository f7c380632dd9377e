#include "host/world/worker.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace gantry::world {
namespace {

// Whose a record is can be read without knowing which it is.
static_assert(offsetof(route::MessagesRecord, world) == 0);
static_assert(offsetof(route::OpenedRecord, world) == 0);
static_assert(offsetof(route::ClosedRecord, world) == 0);
static_assert(offsetof(route::PressureRecord, world) == 0);

}  // namespace

Worker::Worker(std::uint32_t index, std::vector<ShardLink> shards, std::size_t overflow_bytes_max)
    : index_{index},
      links_{shards},
      outbox_{std::move(shards), overflow_bytes_max},
      spare_{outbox_.aside()} {}

Worker::~Worker() { inbox_.close(); }

World& Worker::add(std::unique_ptr<World> world) {
    if (thread_.entered()) world->home().enter();
    put(std::move(world));
    return *worlds_.back();
}

void Worker::put(std::unique_ptr<World> world) {
    const std::uint32_t id = world->config().id.value;
    if (by_id_.size() <= id) by_id_.resize(id + 1u);
    by_id_[id] = world.get();
    worlds_.push_back(std::move(world));
    touch(*worlds_.back());
}

void Worker::remove(WorldId id) { (void)take_out(id); }

std::unique_ptr<World> Worker::take_out(WorldId id) {
    World* const world = find(id);
    if (world == nullptr) return nullptr;
    if (const auto found = due_of_.find(id.value); found != due_of_.end()) {
        due_.erase({found->second, id.value});
        due_of_.erase(found);
    }
    std::erase(touched_, world);
    by_id_[id.value] = nullptr;
    const auto place = std::find_if(worlds_.begin(), worlds_.end(),
                                    [world](const auto& one) { return one.get() == world; });
    std::unique_ptr<World> out = std::move(*place);
    worlds_.erase(place);
    return out;
}

bool Worker::poll(TimeNs now) {
    Turn turn;
    turn_ = &turn;
    if (!thread_.entered()) {
        thread_.enter();
        for (const auto& world : worlds_) world->home().enter();
    }
    ++counters_.turns;
    bool more = false;
    if (!take_turn(turn, now, more)) {
        // Only the stack and that world are this thread's; all else is the next one's by now.
        port()([this, id = turn.world->config().id] { take_back(id); });
        return true;
    }
    turn_ = nullptr;
    reschedule();
    outbox_.flush();
    return more || next_due() <= now;
}

bool Worker::take_turn(Turn& turn, TimeNs now, bool& more) {
    inbox_.run([&turn] { return turn.is_lost(); });
    if (turn.is_lost()) return false;
    if (outbox_.congested()) {
        ++counters_.congested;
    } else if (!take_in_all(turn, now, more)) {
        return false;
    }
    for (auto it = due_.begin(); it != due_.end() && it->first <= now; ++it) {
        touch(*by_id_[it->second]);
    }
    for (std::size_t i = 0; i < touched_.size(); ++i) {  // a world may touch another
        turn.world = touched_[i];
        turn.world->poll(now);
        if (turn.is_lost()) return false;
    }
    turn.world = nullptr;
    return true;
}

// Before take_in(), where they go inline.
inline World* Worker::begin_turn(Turn& turn, WorldId id, TimeNs now) {
    World* const world = find(id);
    if (world == nullptr) return nullptr;
    turn.world = world;
    world->begin_turn(now);
    touch(*world);
    return world;
}

inline void Worker::deliver(Turn& turn, const core::ByteRing::Record& record, TimeNs now) {
    const auto id = route::read_as<WorldId>(record.body);
    World* const world = begin_turn(turn, id, now);
    if (world == nullptr) return without_world(id, record);
    switch (static_cast<route::ToWorld>(record.kind)) {
        case route::ToWorld::messages: {
            const auto head = route::read_as<route::MessagesRecord>(record.body);
            return world->messages(head, record.body.subspan(sizeof head));
        }
        case route::ToWorld::opened:
            return world->opened(route::read_as<route::OpenedRecord>(record.body));
        case route::ToWorld::closed:
            return world->closed(route::read_as<route::ClosedRecord>(record.body));
        case route::ToWorld::pressure:
            return world->pressure(route::read_as<route::PressureRecord>(record.body));
    }
}

bool Worker::take_in_all(Turn& turn, TimeNs now, bool& more) {
    while (!backlog_.empty()) {
        route::KeptRecord record = std::move(backlog_.front());
        backlog_.pop_front();
        deliver(turn, {record.kind, record.body}, now);
        if (turn.is_lost()) return false;
    }
    for (ShardLink& shard : links_) {
        if (!take_in(turn, shard, now, more)) return false;
    }
    turn.world = nullptr;
    return true;
}

bool Worker::take_in(Turn& turn, ShardLink& shard, TimeNs now, bool& more) {
    route::RoomLink& link = *shard.link;
    turn.link = &link;
    int left = records_per_turn;
    while (left > 0) {
        const auto record = link.worker_end->next();
        if (!record) break;
        deliver(turn, *record, now);
        if (turn.is_lost()) return false;
        --left;
    }
    turn.link = nullptr;
    counters_.records += static_cast<std::uint64_t>(records_per_turn - left);
    more |= left == 0;
    if (pinned(link)) [[unlikely]] {
        more |= follow_switch(link);
        return true;
    }
    if (link.worker_end->release() && link.shard_waits.exchange(false)) shard.wake();
    if (!switches_.empty()) [[unlikely]]
        more |= follow_switch(link);
    return true;
}

void Worker::reschedule() {
    for (World* const world : touched_) {
        world->set_touched(false);
        const std::uint32_t id = world->config().id.value;
        const TimeNs due = world->next_due();
        const auto [known, fresh] = due_of_.try_emplace(id, due);
        if (!fresh && known->second == due) continue;
        if (fresh) {
            due_.emplace(due, id);
            continue;
        }
        auto node = due_.extract({known->second, id});  // re-used: no allocation per tick
        node.value() = {due, id};
        due_.insert(std::move(node));
        known->second = due;
    }
    touched_.clear();
}

void Worker::wait(TimeNs now, TimeNs duration_max) {
    const TimeNs due = next_due();
    waker_.sleep(due <= now ? 0 : std::min(duration_max, due - now));
}

void Worker::leave() noexcept {
    thread_.leave();
    for (const auto& world : worlds_) {
        world->home().leave();
        world->send_by(outbox_);  // also one that a thread had kept, if no other took over
    }
    for (const auto& away : away_) away->world->home().leave();
}

}  // namespace gantry::world
