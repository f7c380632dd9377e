// Migration: components change their layout under a running world, or nothing happens at all.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/ecs/limits.h"
#include "host/ecs/schema.h"

namespace gantry::ecs {

class World;
struct Parts;

/// One field carried from one layout to another.
struct FieldMove {
    FieldKind from = FieldKind::none;
    FieldKind to = FieldKind::none;
    std::uint32_t from_offset = 0;
    std::uint32_t to_offset = 0;
    std::uint32_t count = 1;  ///< elements that both have
};

/// One component's way from `before` to `after`.
struct ComponentChange {
    ComponentId component = no_component;
    Schema before;
    Schema after;
    std::vector<FieldMove> moves;
    std::vector<std::string> dropped;  ///< fields kept aside until accept()
    std::vector<std::string> added;    ///< fields that take their default
};

/// What World::plan_migration found. Holds as long as no layout of the world changes.
class MigrationPlan {
public:
    bool empty() const noexcept { return changes.empty(); }
    /// One line per component, for the log.
    std::string text() const;

    std::vector<ComponentChange> changes;
    std::vector<OwnerId> leaving;
};

/// Fields by name: the same kind copies, a widening converts, a new one takes its default.
/// `refused` with both layouts where a kind narrows or changes, or an array or text shrinks.
Result<ComponentChange> plan_change(ComponentId component, const Schema& before,
                                    const Schema& after);
/// The way back: what was widened narrows (clamped), dropped fields are left to the caller.
ComponentChange reverse_change(const ComponentChange& change);

/// Prepared -> committed -> accepted or rolled back. Destroying a prepared one drops it; a
/// committed one is accepted. Must not outlive its world. [world]
class Migration {
public:
    struct State;
    explicit Migration(std::unique_ptr<State> state);
    ~Migration();

    /// Pointers only: rows, chunks' ids and handles stay. `refused` when the world's structure has
    /// changed since prepare().
    Result<Done> commit();
    /// After commit(): the old layout with the present values; dropped fields as they were at the
    /// commit, for entities that had the component then. `refused` when somebody who came since
    /// uses a new layout (`leaving` are those who may).
    Result<Done> rollback(std::span<const OwnerId> leaving = {});
    /// The old memory is freed; no way back.
    void accept() noexcept;

    /// Rows converted by prepare(), and bytes held beside the world.
    std::uint64_t rows() const noexcept;
    std::uint64_t held_bytes() const noexcept;

private:
    std::unique_ptr<State> state_;
};

}  // namespace gantry::ecs
