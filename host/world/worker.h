// Worker: the room of some worlds: takes what shards bring, runs what is due, sends what came of
// it.
#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "host/core/inbox.h"
#include "host/platform/waker.h"
#include "host/world/outbox.h"
#include "host/world/world.h"

namespace gantry::world {

struct WorkerCounters {
    std::uint64_t turns = 0;
    std::uint64_t records = 0;
    std::uint64_t no_world = 0;   ///< records for a world that is not here any more
    std::uint64_t congested = 0;  ///< turns without intake, for the shards were behind
};

/// One thread at a time polls it. [world] unless said otherwise
class Worker {
public:
    Worker(std::uint32_t index, std::vector<ShardLink> shards, std::size_t overflow_bytes_max);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// One turn; never blocks. True when there is more to do already.
    bool poll(TimeNs now);
    /// Sleeps until something comes or a world is due, `duration_max` at most.
    void wait(TimeNs now, TimeNs duration_max);
    /// [any thread]
    void wake() noexcept { waker_.wake(); }
    platform::Waker& waker() noexcept { return waker_; }
    core::Inbox& inbox() noexcept { return inbox_; }
    /// Work for this room, which is woken. [any thread]
    route::PostToRoom port() noexcept {
        return [this](std::function<void()> work) {
            if (inbox_.post(std::move(work))) wake();
        };
    }

    /// The same for work that belongs to a world, which then gets a turn; dropped when it is gone.
    route::PostToRoom port(WorldId world) noexcept {
        return [this, world](std::function<void()> work) {
            port()([this, world, work = std::move(work)] {
                World* const found = find(world);
                if (found == nullptr) return;
                work();
                touch(*found);
            });
        };
    }

    World& add(std::unique_ptr<World> world);
    void remove(WorldId id);
    World* find(WorldId id) noexcept {
        return id.value < by_id_.size() ? by_id_[id.value] : nullptr;
    }
    /// Something of this world has changed from outside of its poll().
    void touch(World& world) {
        if (world.touched()) return;
        world.set_touched(true);
        touched_.push_back(&world);
    }

    std::uint32_t index() const noexcept { return index_; }
    core::RoomThread& thread() noexcept { return thread_; }
    Outbox& outbox() noexcept { return outbox_; }
    const WorkerCounters& counters() const noexcept { return counters_; }
    TimeNs next_due() const noexcept { return due_.empty() ? sched::never : due_.begin()->first; }
    const std::vector<std::unique_ptr<World>>& worlds() const noexcept { return worlds_; }

private:
    static constexpr int records_per_turn = 8192;

    bool take_in(route::RoomLink& link, TimeNs now);
    void deliver(const core::ByteRing::Record& record, TimeNs now);
    World* begin_turn(WorldId id, TimeNs now);
    void reschedule();

    std::uint32_t index_;
    core::RoomThread thread_;
    std::vector<ShardLink> links_;
    Outbox outbox_;
    core::Inbox inbox_;
    platform::Waker waker_;
    std::vector<std::unique_ptr<World>> worlds_;
    std::vector<World*> by_id_;
    std::set<std::pair<TimeNs, std::uint32_t>> due_;
    std::unordered_map<std::uint32_t, TimeNs> due_of_;
    std::vector<World*> touched_;
    WorkerCounters counters_;
};

}  // namespace gantry::world
