// Planning a migration, and taking it through its stages.
#include "host/ecs/migration.h"

#include <fmt/format.h>

#include <algorithm>

#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

bool contains(std::span<const OwnerId> owners, OwnerId owner) {
    return std::find(owners.begin(), owners.end(), owner) != owners.end();
}

/// The first user who is neither among `a` nor `b`, or null.
const OwnerId* stranger(const Component& component, std::span<const OwnerId> a,
                        std::span<const OwnerId> b) {
    for (const OwnerId& user : component.users) {
        if (!contains(a, user) && !contains(b, user)) return &user;
    }
    return nullptr;
}

Result<MigrationPlan> plan_all(const Parts& parts, std::span<const Schema> next,
                               std::span<const OwnerId> leaving) {
    MigrationPlan plan;
    plan.leaving.assign(leaving.begin(), leaving.end());
    for (const Schema& after : next) {
        const ComponentId id = parts.components.find(after.name);
        const Component* const present = parts.components.find(id);
        if (present == nullptr || !difference(present->schema, after)) continue;
        if (const OwnerId* const user = stranger(*present, leaving, {})) {
            return Error{
                Status::refused,
                fmt::format("component {}: {} uses it as {} and is not part of this swap; the "
                            "new version brings {}",
                            after.name, parts.label(*user), layout_text(present->schema),
                            layout_text(after))};
        }
        auto change = plan_change(id, present->schema, after);
        if (!change) return change.error();
        plan.changes.push_back(std::move(*change));
    }
    return plan;
}

Error stale(std::string_view what) {
    return Error{Status::refused,
                 fmt::format("migration: the world has changed since {}; nothing was done", what)};
}

}  // namespace

Result<MigrationPlan> World::plan_migration(OwnerId staged) const {
    std::vector<Schema> next;
    for (const StagedSchema& one : parts_->components.staged()) {
        if (one.owner == staged) next.push_back(one.schema);
    }
    std::vector<OwnerId> leaving{staged};
    if (const Facade* const facade = parts_->facade(staged)) {
        leaving.insert(leaving.end(), facade->replaces().begin(), facade->replaces().end());
    }
    return plan_all(*parts_, next, leaving);
}

Result<MigrationPlan> World::plan_migration(std::span<const ComponentDesc> next,
                                            std::span<const OwnerId> leaving) const {
    std::vector<Schema> schemas;
    for (const ComponentDesc& desc : next) {
        auto schema = make_schema(desc);
        if (!schema) return schema.error();
        schemas.push_back(std::move(*schema));
    }
    return plan_all(*parts_, schemas, leaving);
}

Result<std::unique_ptr<Migration>> World::prepare(const MigrationPlan& plan) {
    if (parts_->locked()) {
        return Error{Status::refused, "migration: a loop over this world is running"};
    }
    for (const auto& owner : parts_->owners) {
        if (owner->buffer().empty()) continue;
        return Error{
            Status::refused,
            fmt::format("migration: {} has commands that are not applied yet", owner->label())};
    }
    for (const ComponentChange& change : plan.changes) {
        const Component* const present = parts_->components.find(change.component);
        if (present == nullptr || difference(present->schema, change.before))
            return stale("the plan");
    }
    auto state = std::make_unique<Migration::State>();
    state->parts = parts_.get();
    state->plan = plan;
    state->other = build_other(*parts_, plan.changes);
    state->structure_version = parts_->structure_version;
    return std::make_unique<Migration>(std::move(state));
}

Migration::Migration(std::unique_ptr<State> state) : state_{std::move(state)} {}

Migration::~Migration() { accept(); }

Result<Done> Migration::commit() {
    Parts& parts = *state_->parts;
    if (state_->stage != State::Stage::prepared) return stale("it was committed");
    if (parts.locked() || state_->structure_version != parts.structure_version) {
        return stale("prepare()");
    }
    exchange(parts, state_->plan.changes, state_->other);
    parts.components.drop_settled();
    state_->stage = State::Stage::committed;
    return Done{};
}

Result<Done> Migration::rollback(std::span<const OwnerId> leaving) {
    Parts& parts = *state_->parts;
    if (state_->stage != State::Stage::committed || parts.locked()) return stale("the commit");
    std::vector<ComponentChange> back;
    for (const ComponentChange& change : state_->plan.changes) {
        const Component& present = parts.components[change.component];
        if (difference(present.schema, change.after)) return stale("the commit");
        if (const OwnerId* const user = stranger(present, state_->plan.leaving, leaving)) {
            return Error{Status::refused,
                         fmt::format("rollback: {} has come since and uses {}", parts.label(*user),
                                     layout_text(change.after))};
        }
        back.push_back(reverse_change(change));
    }
    OtherWorld fresh = build_other(parts, back);
    restore_dropped(state_->other, state_->plan.changes, parts, fresh);
    exchange(parts, back, fresh);
    release_other(parts, fresh);
    accept();
    return Done{};
}

void Migration::accept() noexcept {
    if (state_->stage == State::Stage::ended) return;
    release_other(*state_->parts, state_->other);
    state_->stage = State::Stage::ended;
}

std::uint64_t Migration::rows() const noexcept { return state_->other.rows; }
std::uint64_t Migration::held_bytes() const noexcept { return state_->other.bytes; }

}  // namespace gantry::ecs
