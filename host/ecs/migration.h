// Migration: components change their layout under a running world, or nothing happens at all.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/ecs/limits.h"
#include "host/ecs/schema.h"

namespace gantry::ecs {

class PagesAhead;
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

struct ByteRange {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
};

/// One component's way from `before` to `after`.
struct ComponentChange {
    ComponentId component = no_component;
    Schema before;
    Schema after;
    std::vector<FieldMove> moves;
    std::vector<ByteRange> kept;         ///< of `before`: what no move carries, for the way back
    std::vector<std::string> dropped;    ///< names, as are these:
    std::vector<std::string> added;      ///< take their default
    std::vector<std::string> renamed;    ///< "height>y"
    std::vector<std::string> converted;  ///< left to `convert`
    ConvertRows convert = nullptr;       ///< called after the moves; null when nobody brought one
    ConvertRows revert = nullptr;        ///< the same for the way back
    OwnerId converter_owner = 0;         ///< whose code both are
};

/// What World::plan_migration found. Holds as long as no layout of the world changes.
class MigrationPlan {
public:
    bool empty() const noexcept { return changes.empty(); }
    /// One line per component, for the log.
    std::string text() const;
    /// What a rollback could not take back to the old layout as players left it, one sentence each.
    std::vector<std::string> one_way() const;

    std::vector<ComponentChange> changes;
    std::vector<OwnerId> leaving;
};

/// How a migration calls into a plugin: runs `body` as a call of `owner`. False when it did not
/// return as it should.
using CallOwner = std::function<bool(OwnerId owner, const std::function<void()>& body)>;

/// What becomes of rows that an exchange of layouts has not converted yet.
enum class Rest : std::uint8_t {
    at_once,  ///< they are, before it: the world stands still that long
    /// They wait, and are converted when they are touched, or in slices (World::settle). Only where
    /// all plugins of the world look at EcsData::layout_version, as those of ABI 1.5 do.
    on_touch,
};

/// Prepared -> committed -> accepted, or returning -> rolled back. Destroying a prepared one drops
/// it; a committed one is accepted; rows that wait are converted. Must not outlive its world.
/// [world]
class Migration {
public:
    struct State;
    explicit Migration(std::unique_ptr<State> state);
    ~Migration();

    /// The memory that this will take, untouched; null when it is little. To be touched elsewhere
    /// while the world goes on: a first touch can cost more than all the rows that go there.
    std::shared_ptr<PagesAhead> pages_ahead() const;
    /// Takes it, once it is ready.
    void use(PagesAhead& pages);
    /// Before commit(), and between begin_rollback() and rollback(): converts about `rows_max` rows
    /// more, beside the world, which may change in between: a later pass takes what was written
    /// since. True at the end of a pass that found nothing to do, and of every pass from the third
    /// on. After an error before the commit only dropping it is left. On a way back whose rest
    /// comes on touch it only makes the index of what was kept.
    Result<bool> advance(std::uint64_t rows_max);
    /// Converts what changed since the last advance(), then changes pointers only: rows, chunks'
    /// ids and handles stay. `refused` when somebody else uses the old layout by now.
    Result<Done> commit(Rest rest = Rest::at_once);
    /// After commit(), for a way back in slices: advance() goes there from now on, until
    /// rollback(). Refused like that. pages_ahead() is for it, too.
    Result<Done> begin_rollback(std::span<const OwnerId> leaving = {}, Rest rest = Rest::at_once);
    /// After commit(): the old layout with the present values; what was not carried as it was at
    /// the commit, for entities that had the component then, or as down() makes it. `refused` when
    /// somebody who came since uses a new layout (`leaving` are those who may).
    Result<Done> rollback(std::span<const OwnerId> leaving = {}, Rest rest = Rest::at_once);
    /// The old memory is freed; no way back.
    void accept() noexcept;
    /// False while rows wait for what it knows.
    bool settled() const noexcept;

    /// Rows converted until now, and bytes held beside the world.
    std::uint64_t rows() const noexcept;
    std::uint64_t held_bytes() const noexcept;

private:
    std::unique_ptr<State> state_;
};

}  // namespace gantry::ecs
