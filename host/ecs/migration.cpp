// Planning a migration, and taking it through its stages.
#include "host/ecs/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "host/ecs/field_plan.h"
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

/// A layout to come, and what its owner brings to get there.
struct Next {
    Schema schema;
    Converter converter;
};

/// Whoever of the present users can lead back to an older version.
Converter present_converter(const ComponentTable& components, ComponentId id) {
    for (const OwnerId user : components[id].users) {
        if (const Converter* const found = components.find_converter(id, user)) return *found;
    }
    return {};
}

Result<MigrationPlan> plan_all(const Parts& parts, std::span<const Next> next,
                               std::span<const OwnerId> leaving) {
    MigrationPlan plan;
    plan.leaving.assign(leaving.begin(), leaving.end());
    for (const auto& [after, converter] : next) {
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
        auto change = plan_change(id, present->schema, after,
                                  present_converter(parts.components, id), converter);
        if (!change) return change.error();
        plan.changes.push_back(std::move(*change));
    }
    return plan;
}

Result<Done> check_quiet(Parts& parts) {
    if (parts.locked()) {
        return Error{Status::refused, "migration: a loop over this world is running"};
    }
    for (const auto& owner : parts.owners) {
        if (owner->buffer().empty()) continue;
        return Error{
            Status::refused,
            fmt::format("migration: {} has commands that are not applied yet", owner->label())};
    }
    return Done{};
}

Error stale(std::string_view what) {
    return Error{Status::refused,
                 fmt::format("migration: the world has changed since {}; nothing was done", what)};
}

/// The plan still holds: the layouts are those it began with, and nobody new depends on them.
Result<Done> check_plan(const Parts& parts, const MigrationPlan& plan) {
    for (const ComponentChange& change : plan.changes) {
        const Component* const present = parts.components.find(change.component);
        if (present == nullptr || difference(present->schema, change.before))
            return stale("the plan");
        if (const OwnerId* const user = stranger(*present, plan.leaving, {})) {
            return Error{Status::refused,
                         fmt::format("migration: {} has come since and uses {}", parts.label(*user),
                                     layout_text(change.before))};
        }
    }
    return Done{};
}

}  // namespace

Result<MigrationPlan> World::plan_migration(std::span<const OwnerId> staged) const {
    std::vector<Next> next;
    for (const StagedSchema& one : parts_->components.staged()) {
        if (!contains(staged, one.owner)) continue;
        const Converter* const found = parts_->components.find_converter(one.component, one.owner);
        const auto same = std::find_if(next.begin(), next.end(), [&](const Next& other) {
            return other.schema.name == one.schema.name;
        });
        if (same == next.end()) {
            next.push_back({one.schema, found != nullptr ? *found : Converter{}});
        } else if (difference(same->schema, one.schema)) {
            return Error{
                Status::refused,
                fmt::format("component {}: two plugins of this swap do not agree: {} against {}",
                            one.schema.name, layout_text(same->schema), layout_text(one.schema))};
        } else if (found != nullptr) {
            same->converter = *found;
        }
    }
    std::vector<OwnerId> leaving{staged.begin(), staged.end()};
    for (const OwnerId owner : staged) {
        const Facade* const facade = parts_->facade(owner);
        if (facade == nullptr) continue;
        leaving.insert(leaving.end(), facade->replaces().begin(), facade->replaces().end());
    }
    return plan_all(*parts_, next, leaving);
}

Result<MigrationPlan> World::plan_migration(OwnerId staged) const {
    return plan_migration(std::span{&staged, 1});
}

Result<MigrationPlan> World::plan_migration(std::span<const ComponentDesc> next,
                                            std::span<const OwnerId> leaving) const {
    std::vector<Next> schemas;
    for (const ComponentDesc& desc : next) {
        auto schema = make_schema(desc);
        if (!schema) return schema.error();
        schemas.push_back({std::move(*schema), converter_of(no_component, 0, desc)});
    }
    return plan_all(*parts_, schemas, leaving);
}

Result<std::unique_ptr<Migration>> World::prepare(const MigrationPlan& plan, CallOwner call) {
    if (auto quiet = check_quiet(*parts_); !quiet) return quiet.error();
    if (auto good = check_plan(*parts_, plan); !good) return good.error();
    auto state = std::make_unique<Migration::State>();
    state->parts = parts_.get();
    state->plan = plan;
    state->call = std::move(call);
    state->other.layout_version = parts_->layout_version;
    return std::make_unique<Migration>(std::move(state));
}

Migration::Migration(std::unique_ptr<State> state) : state_{std::move(state)} {}

Migration::~Migration() { accept(); }

std::shared_ptr<PagesAhead> Migration::pages_ahead() const {
    Parts& parts = *state_->parts;
    const auto& changes = state_->back ? state_->back->changes : state_->plan.changes;
    const auto sizes = slabs_wanted(parts, changes);
    if (sizes.empty()) return nullptr;
    return std::make_shared<PagesAhead>(*parts.limits.pages, parts.limits.huge_pages, sizes);
}

void Migration::use(PagesAhead& pages) { state_->parts->tables.arena().use(pages); }

Result<bool> Migration::advance(std::uint64_t rows_max) {
    constexpr std::uint32_t passes_wanted = 3;  // what is written every tick is never caught up
    Parts& parts = *state_->parts;
    State::Return* const back = state_->back.get();
    if (state_->stage == State::Stage::committed || state_->stage == State::Stage::ended)
        return stale("it was committed");
    if (parts.locked()) return false;
    if (back == nullptr) {
        if (auto good = check_plan(parts, state_->plan); !good) return good.error();
    } else if (back->way.index(rows_max) != 0) {
        return false;
    }
    OtherWorld& other = back != nullptr ? back->other : state_->other;
    const auto over = back != nullptr
                          ? sweep(parts, {back->changes, state_->call, &back->way}, other, rows_max)
                          : sweep(parts, {state_->plan.changes, state_->call}, other, rows_max);
    if (!over || !*over) return over;
    other.next_archetype = other.next_chunk = 0;
    ++other.passes;
    return std::exchange(other.pass_rows, 0) == 0 || other.passes >= passes_wanted;
}

Result<Done> Migration::commit() {
    Parts& parts = *state_->parts;
    const std::vector<ComponentChange>& changes = state_->plan.changes;
    if (state_->stage != State::Stage::prepared) return stale("it was committed");
    if (auto quiet = check_quiet(parts); !quiet) return quiet;
    if (auto good = check_plan(parts, state_->plan); !good) return good;
    if (auto rest = sweep_rest(parts, {changes, state_->call}, state_->other); !rest) {
        return rest;
    }
    exchange(parts, changes, state_->other);
    parts.tables.arena().drop_ready();
    parts.components.drop_settled();
    state_->stage = State::Stage::committed;
    return Done{};
}

Migration::State::Return::Return(const State& state, std::vector<ComponentChange> reversed)
    : changes{std::move(reversed)},
      way{state.other, state.plan.changes, state.parts->limits,
          static_cast<std::uint32_t>(state.parts->data.record_count)} {
    other.layout_version = state.parts->layout_version;
}

Result<Done> Migration::begin_rollback(std::span<const OwnerId> leaving) {
    Parts& parts = *state_->parts;
    if (state_->stage == State::Stage::prepared || state_->stage == State::Stage::ended)
        return stale("the commit");
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
    if (state_->stage == State::Stage::returning) return Done{};
    state_->back = std::make_unique<State::Return>(*state_, std::move(back));
    state_->stage = State::Stage::returning;
    return Done{};
}

Result<Done> Migration::rollback(std::span<const OwnerId> leaving) {
    Parts& parts = *state_->parts;
    if (parts.locked()) return stale("the commit");
    if (auto begun = begin_rollback(leaving); !begun) return begun;
    State::Return& back = *state_->back;
    while (back.way.index(std::numeric_limits<std::uint64_t>::max()) != 0) {
    }
    if (auto built = sweep_rest(parts, {back.changes, state_->call, &back.way}, back.other); !built)
        return built;
    exchange(parts, back.changes, back.other);
    accept();
    return Done{};
}

void Migration::accept() noexcept {
    if (state_->stage == State::Stage::ended) return;
    if (state_->back != nullptr) release_other(*state_->parts, state_->back->other);
    state_->back.reset();
    release_other(*state_->parts, state_->other);
    state_->parts->tables.arena().drop_ready();
    state_->stage = State::Stage::ended;
}

std::uint64_t Migration::rows() const noexcept { return state_->other.rows; }
std::uint64_t Migration::held_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (const OtherTable& table : state_->other.tables) {
        bytes += std::uint64_t{table.layout.chunk_bytes} * table.chunks.size();
    }
    for (const auto& sparse : state_->other.sparse) bytes += sparse->rows.bytes();
    return bytes;
}

}  // namespace gantry::ecs
