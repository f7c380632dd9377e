// SwapRun: one world's part of replacing a plugin: drain, hand over, commit, or nothing has
// changed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gantry/plugin.h"
#include "host/core/result.h"
#include "host/ecs/migration.h"
#include "host/ecs/pages_ahead.h"
#include "host/route/state_store.h"
#include "host/world/instance.h"

namespace gantry::world {

class World;
struct Tables;

/// One instance to be made: whose code, under which label.
struct InstanceOrder {
    core::Owner owner;
    CreateFunction create = nullptr;
    LibraryRef library;
    InstanceOptions options;
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
    std::vector<std::string> changes;  ///< of component layouts, one line each
    TimeNs prepare_ns = 0;
    TimeNs convert_ns = 0;  ///< rows got their new layout, in slices, while the old one served
    TimeNs drain_ns = 0;
    TimeNs pause_ns = 0;  ///< from the hand-over's begin to its commit: the world stood still
};

struct SwapOrder {
    InstanceOrder next;
    std::uint32_t drain_ms = 1000;
    std::uint32_t hold_ms = 200;
    bool cancel_at_deadline = false;
    TimeNs slice_ns = ns_per_ms;  ///< of a turn, for rows that get a new layout
    std::function<void(SwapResult)> done;
};

/// Stepped by its world, once a turn.
class SwapRun {
public:
    SwapRun(World& world, SwapOrder order);
    ~SwapRun();

    /// True when it has ended, and `order.done` was called.
    bool step(TimeNs now);
    /// Messages of the world wait.
    bool holding() const noexcept { return phase_ == Phase::hold; }
    /// Nothing more can be held: the old one goes on.
    void give_up(std::string reason);
    const std::string& plugin() const noexcept { return order_.next.owner.plugin; }
    TimeNs next_due() const noexcept;

private:
    enum class Phase : std::uint8_t { prepare, convert, drain, hold, ended };
    static constexpr std::uint64_t slice_rows = 4096;  // between two looks at the clock
    static constexpr TimeNs touch_max_ns = ns_per_s;   // then it goes on without

    void prepare(TimeNs now);
    Result<Done> plan();
    static WorldInstance* instance_of(World& world, ecs::OwnerId owner) noexcept;
    /// Lets the pool touch the memory that the new rows will take.
    void touch_ahead();
    /// False while the pool is at it.
    bool memory_is_ready();
    /// A slice of the migration. True when nothing is left that is worth the wait.
    bool convert();
    void begin_drain(TimeNs now);
    bool old_is_idle();
    void hand_over();
    void commit(std::shared_ptr<route::StateStore> state);
    void end(SwapEnd how, std::string reason);

    World& world_;
    SwapOrder order_;
    Phase phase_ = Phase::prepare;
    TimeNs phase_since_ = 0;
    TimeNs now_ = 0;
    WorldInstance* old_ = nullptr;
    std::unique_ptr<WorldInstance> next_;
    std::unique_ptr<Tables> tables_;
    std::unique_ptr<ecs::Migration> migration_;  ///< null when no layout changes
    std::shared_ptr<ecs::PagesAhead> ahead_;     ///< while the pool touches it
    SwapResult result_;
};

}  // namespace gantry::world
