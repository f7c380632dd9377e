// LateRows: what is left of migrations after their commit: rows that take their new layout on
// touch.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "host/core/clock.h"
#include "host/ecs/migration.h"
#include "host/ecs/world.h"

namespace gantry::world {

struct Exchange;
class WorldInstance;

/// Sees to it that nobody has to wait for a touch. [world]
class LateRows {
public:
    LateRows(ecs::World& world, const core::Clock& clock) noexcept : world_{world}, clock_{clock} {}

    /// A part of them, in one turn.
    void settle();
    /// Those whose functions they want are about to go.
    void settle_all() { world_.settle_all(); }
    bool settled() const noexcept { return world_.settled(); }
    /// A migration that has gone back lives until the rows have come that wait for it.
    void keep(std::unique_ptr<ecs::Migration> migration);

private:
    ecs::World& world_;
    const core::Clock& clock_;
    std::vector<std::unique_ptr<ecs::Migration>> gone_back_;
};

/// Whether rows may wait: where all who can reach them, those that come included, ask for them by a
/// call.
ecs::Rest rest_of_rows(std::span<const std::unique_ptr<WorldInstance>> serving,
                       std::span<const Exchange> changes);

}  // namespace gantry::world
