// SwapRun: one world's part of replacing one plugin, or several at once: drain, hand over, commit,
// or nothing has changed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/plugin.h"
#include "host/core/result.h"
#include "host/ecs/migration.h"
#include "host/route/state_store.h"
#include "host/world/instance.h"
#include "host/world/leftovers.h"
#include "host/world/migration_slices.h"

namespace gantry::world {

class World;
struct Tables;
/// One instance to be made: whose code, under which label.
struct InstanceOrder {
    core::Owner owner;
    CreateFunction create = nullptr;
    LibraryRef library;
    InstanceOptions options;
    bool joins = false;  ///< in a swap: comes along with those that replace others
};

/// Who comes in whose place; either may be null. Once published, `in` is the one that went.
struct Exchange {
    std::unique_ptr<WorldInstance> in;
    WorldInstance* out = nullptr;
};

/// What one swap has replaced, in its probation: warm, silent, and back or gone as a whole.
struct Replaced {
    struct One {
        std::unique_ptr<WorldInstance> instance;
        std::shared_ptr<route::StateStore> state;  ///< what it had saved at the hand-over
    };
    std::vector<One> instances;
    std::vector<std::string> joined;  ///< plugins that came along: the way back takes them out
    std::unique_ptr<ecs::Migration> migration;  ///< null when no layout changed
    /// On its way back: rows get their old layout first, while the failed ones serve on.
    std::unique_ptr<MigrationSlices> slices;
    std::string reason;         ///< why it goes back
    bool stands_still = false;  ///< a fault has parked one of the failed: the world waits for it
    bool barred = false;        ///< others have come in the way
};

enum class SwapEnd : std::uint8_t {
    committed,
    refused,   ///< before anything changed: the successor would not start, or conflicts
    given_up,  ///< at a deadline, or in the hand-over: the old one goes on
};

/// How one world's part ended.
struct SwapResult {
    SwapEnd end = SwapEnd::given_up;
    std::string reason;  ///< one sentence, empty when committed
    std::vector<std::string> leftovers;
    std::vector<std::string> changes;   ///< of component layouts, one line each
    std::vector<std::string> one_way;   ///< what a rollback could not take back, one sentence each
    std::vector<std::string> routes{};  ///< added and removed, as who gave the order notes them
    TimeNs prepare_ns = 0;
    TimeNs convert_ns = 0;  ///< rows got their new layout, in slices, while the old one served
    TimeNs drain_ns = 0;
    TimeNs pause_ns = 0;  ///< from the hand-over's begin to its commit: the world stood still
};

struct SwapOrder {
    /// All commit in the same step; each comes after those it depends on.
    std::vector<InstanceOrder> next;
    std::uint32_t drain_ms = 1000;
    std::uint32_t hold_ms = 200;
    bool cancel_at_deadline = false;
    TimeNs slice_ns = ns_per_ms;  ///< of a turn, for rows that get a new layout
    /// Set when other worlds take part. Called once those to be replaced are idle, and once more
    /// when their successors have taken over; each time the world waits for proceed() or give_up().
    std::function<void()> reached;
    std::function<void(SwapResult)> done;
};

/// Stepped by its world, once a turn.
class SwapRun {
public:
    SwapRun(World& world, SwapOrder order);
    ~SwapRun();
    SwapRun(const SwapRun&) = delete;
    SwapRun& operator=(const SwapRun&) = delete;

    /// True when it has ended, and `order.done` was called.
    bool step(TimeNs now);
    /// Messages of the world wait.
    bool holding() const noexcept { return phase_ == Phase::hold || frozen(); }
    /// Between the old ones and the new: no plugin's code may run in this world.
    bool frozen() const noexcept { return phase_ == Phase::frozen; }
    /// The other worlds have reached the same.
    void proceed();
    /// Nothing more can be held: the old one goes on.
    void give_up(std::string reason);
    bool replaces(std::string_view plugin) const noexcept;
    TimeNs next_due() const noexcept;
    /// One of those that would come, or null.
    WorldInstance* find_candidate(std::uint32_t owner) noexcept;

private:
    /// `ready`: idle, serving on until the other worlds are, too.
    enum class Phase : std::uint8_t { prepare, convert, drain, ready, hold, frozen, ended };
    struct Part {
        InstanceOrder order;
        WorldInstance* old = nullptr;  ///< null: it joins
        bool parked = false;
        std::shared_ptr<route::StateStore> state;
    };

    void prepare(TimeNs now);
    Result<Done> make_all();
    Result<Done> plan();
    /// A slice of the migration. True when nothing is left that is worth the wait.
    bool convert();
    void begin_drain(TimeNs now);
    const WorldInstance* first_busy();
    Result<Done> fresh_tables();
    void look_at_old(TimeNs now);
    void hand_over();
    Result<Done> take_over();
    void commit();
    void note_leftovers(Fate fate, std::vector<std::string>& list) const;
    std::vector<std::uint32_t> successors() const;
    void end(SwapEnd how, std::string reason);

    World& world_;
    SwapOrder order_;
    Phase phase_ = Phase::prepare;
    TimeNs phase_since_ = 0;
    TimeNs drain_since_ = 0;
    TimeNs now_ = 0;
    TimeNs stood_since_ = 0;
    std::vector<Part> parts_;
    std::vector<Exchange> changes_;  ///< of each part: its successor, and whose place that takes
    std::unique_ptr<Tables> tables_;
    std::uint64_t tables_from_ = 0;              ///< World::published_ when they were built
    std::unique_ptr<ecs::Migration> migration_;  ///< null when no layout changes
    bool gathered_ = false;                      ///< all worlds were idle
    bool migrated_ = false;
    std::unique_ptr<MigrationSlices> slices_;  ///< of it
    bool late_ = false;                        ///< given up at its deadline
    std::vector<std::string> ended_;           ///< what went with the old ones in the hand-over
    SwapResult result_;
};

}  // namespace gantry::world
