// Worker: the room of some worlds: takes what shards bring, runs what is due, sends what came of
// it.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "host/core/inbox.h"
#include "host/platform/waker.h"
#include "host/world/away.h"
#include "host/world/outbox.h"
#include "host/world/world.h"

namespace gantry::world {

struct WorkerCounters {
    std::uint64_t turns = 0;
    std::uint64_t records = 0;
    std::uint64_t no_world = 0;   ///< records for a world that is not here any more
    std::uint64_t congested = 0;  ///< turns without intake, for the shards were behind
    std::uint64_t refused = 0;    ///< records and work for a world that is away, beyond its limits
};

/// One thread at a time polls it. One that is stuck in a world's plugin can be replaced: it keeps
/// that world alone (let_go), all else is the next thread's (take_over), and once the call has
/// ended the world comes back by itself. [world] unless said otherwise
class Worker {
public:
    Worker(std::uint32_t index, std::vector<ShardLink> shards, std::size_t overflow_bytes_max);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// One turn; never blocks. True when there is more to do already, or when the thread that
    /// called has let go meanwhile: it must not come again.
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
            port()([this, world, work = std::move(work)] { run_for(world, work); });
        };
    }

    /// The thread that polls is in a plugin's code, and gives up everything but that world. Takes
    /// no lock and no memory. False where there is no world to keep. [that thread, also within a
    /// handler of signals]
    bool let_go() noexcept;
    /// The world that let_go() has kept; before take_over(). [whoever has seen that it was called]
    const WorldConfig& kept() const noexcept { return kept_.world->config(); }
    /// The first call of the next thread.
    void take_over();
    /// Worlds that are with stuck threads.
    const std::vector<std::unique_ptr<Away>>& away() const noexcept { return away_; }

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
    /// No thread polls it any more: the one that calls takes it down.
    void leave() noexcept;
    Outbox& outbox() noexcept { return outbox_; }
    const WorkerCounters& counters() const noexcept { return counters_; }
    TimeNs next_due() const noexcept { return due_.empty() ? sched::never : due_.begin()->first; }
    const std::vector<std::unique_ptr<World>>& worlds() const noexcept { return worlds_; }

private:
    static constexpr int records_per_turn = 8192;
    static constexpr std::size_t away_work_max = 65'536;

    /// What a thread is at, on its own stack: it looks here after each call into a world, before it
    /// touches anything of the worker.
    struct Turn {
        World* world = nullptr;
        route::RoomLink* link = nullptr;  ///< whose record is being handled in its place
        std::atomic<bool> lost{false};

        bool is_lost() const noexcept { return lost.load(std::memory_order_relaxed); }
    };
    struct Kept {
        World* world = nullptr;
        route::RoomLink* link = nullptr;
    };
    /// A shard is asked to go on in a fresh ring.
    struct Switch {
        route::RoomLink* link = nullptr;
        std::shared_ptr<core::ByteRing> fresh;
        bool shard_writes_there = false;
    };

    // False when the thread has let go.
    bool take_turn(Turn& turn, TimeNs now, bool& more);
    bool take_in_all(Turn& turn, TimeNs now, bool& more);
    bool take_in(Turn& turn, ShardLink& shard, TimeNs now, bool& more);

    void deliver(Turn& turn, const core::ByteRing::Record& record, TimeNs now);
    void without_world(WorldId id, const core::ByteRing::Record& record);
    World* begin_turn(Turn& turn, WorldId id, TimeNs now);
    void run_for(WorldId id, const std::function<void()>& work);
    void reschedule();
    void put(std::unique_ptr<World> world);
    std::unique_ptr<World> take_out(WorldId id);
    void take_back(WorldId id);
    Away* find_away(WorldId id) noexcept;
    void replace_ring(ShardLink& shard);
    bool pinned(const route::RoomLink& link) const noexcept;
    bool follow_switch(route::RoomLink& link);

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

    Turn* turn_ = nullptr;
    Kept kept_;
    std::unique_ptr<Outbox> spare_;  ///< for the next world that stays behind
    std::vector<std::unique_ptr<Away>> away_;
    std::vector<Switch> switches_;
    std::deque<route::KeptRecord>
        backlog_;  ///< of worlds that are back; before what is in the rings
};

}  // namespace gantry::world
