#include "host/world/worker.h"

#include <algorithm>
#include <cstring>

namespace gantry::world {
namespace {

template <class T>
T read_as(std::span<const std::byte> body) {
    GANTRY_ASSERT(body.size() >= sizeof(T));
    T record;
    std::memcpy(&record, body.data(), sizeof record);
    return record;
}

}  // namespace

Worker::Worker(std::uint32_t index, std::vector<ShardLink> shards, std::size_t overflow_bytes_max)
    : index_{index}, links_{shards}, outbox_{std::move(shards), overflow_bytes_max} {}

Worker::~Worker() { inbox_.close(); }

World& Worker::add(std::unique_ptr<World> world) {
    const std::uint32_t id = world->config().id.value;
    if (by_id_.size() <= id) by_id_.resize(id + 1u);
    by_id_[id] = world.get();
    world->runs_on(thread_);
    worlds_.push_back(std::move(world));
    touch(*worlds_.back());
    return *worlds_.back();
}

void Worker::remove(WorldId id) {
    if (find(id) == nullptr) return;
    if (const auto found = due_of_.find(id.value); found != due_of_.end()) {
        due_.erase({found->second, id.value});
        due_of_.erase(found);
    }
    std::erase(touched_, by_id_[id.value]);
    by_id_[id.value] = nullptr;
    std::erase_if(worlds_, [id](const auto& world) { return world->config().id == id; });
}

bool Worker::poll(TimeNs now) {
    thread_.enter();
    ++counters_.turns;
    inbox_.run();
    bool more = false;
    if (outbox_.congested()) {
        ++counters_.congested;
    } else {
        for (ShardLink& shard : links_) more |= take_in(*shard.link, now);
    }
    for (auto it = due_.begin(); it != due_.end() && it->first <= now; ++it) {
        touch(*by_id_[it->second]);
    }
    for (std::size_t i = 0; i < touched_.size(); ++i) {  // a world may touch another
        touched_[i]->poll(now);
    }
    reschedule();
    outbox_.flush();
    return more || next_due() <= now;
}

// Before take_in(), where they go inline.
inline World* Worker::begin_turn(WorldId id, TimeNs now) {
    World* const world = find(id);
    if (world == nullptr) {
        ++counters_.no_world;
        return nullptr;
    }
    world->begin_turn(now);
    touch(*world);
    return world;
}

inline void Worker::deliver(const core::ByteRing::Record& record, TimeNs now) {
    switch (static_cast<route::ToWorld>(record.kind)) {
        case route::ToWorld::message: {
            const auto head = read_as<route::MessageRecord>(record.body);
            if (World* const world = begin_turn(head.world, now)) {
                world->message(head, record.body.subspan(sizeof head));
            }
            return;
        }
        case route::ToWorld::opened: {
            const auto opened = read_as<route::OpenedRecord>(record.body);
            if (World* const world = begin_turn(opened.world, now)) world->opened(opened);
            return;
        }
        case route::ToWorld::closed: {
            const auto closed = read_as<route::ClosedRecord>(record.body);
            if (World* const world = begin_turn(closed.world, now)) world->closed(closed);
            return;
        }
        case route::ToWorld::pressure: {
            const auto pressure = read_as<route::PressureRecord>(record.body);
            if (World* const world = begin_turn(pressure.world, now)) world->pressure(pressure);
            return;
        }
    }
}

bool Worker::take_in(route::RoomLink& link, TimeNs now) {
    int left = records_per_turn;
    while (left > 0) {
        const auto record = link.to_world.next();
        if (!record) break;
        deliver(*record, now);
        --left;
    }
    counters_.records += static_cast<std::uint64_t>(records_per_turn - left);
    if (link.to_world.release() && link.shard_waits.exchange(false)) {
        const auto at = std::find_if(links_.begin(), links_.end(),
                                     [&](const ShardLink& shard) { return shard.link == &link; });
        at->wake();
    }
    return left == 0;
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

}  // namespace gantry::world
