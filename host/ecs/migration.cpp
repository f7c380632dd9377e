// Planning a migration, and taking it through its stages.
#include "host/ecs/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "host/core/log.h"
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

/// Columns lie at the same places, in chunks of the same size.
bool same_places(const Archetype& a, const Archetype& b) {
    return a.chunk_bytes == b.chunk_bytes && a.chunk_rows == b.chunk_rows &&
           a.entities_offset == b.entities_offset &&
           std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                      [](const Column& one, const Column& other) {
                          return one.offset == other.offset && one.bytes == other.bytes &&
                                 one.dirty_offset == other.dirty_offset;
                      });
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
    if (state_->back != nullptr && state_->back->rest == Rest::on_touch) return nullptr;
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
    if (state_->stage != State::Stage::prepared && state_->stage != State::Stage::returning)
        return stale("it was committed");
    if (parts.locked()) return false;
    if (back == nullptr) {
        if (auto good = check_plan(parts, state_->plan); !good) return good.error();
    } else if (back->way.index(rows_max) != 0) {
        return false;
    } else if (back->rest == Rest::on_touch) {
        return true;
    }
    OtherWorld& other = back != nullptr ? back->other : state_->other;
    const auto over = back != nullptr
                          ? sweep(parts, back->how, other, rows_max)
                          : sweep(parts, {state_->plan.changes, state_->call}, other, rows_max);
    if (!over || !*over) return over;
    other.next_archetype = other.next_chunk = 0;
    ++other.passes;
    return std::exchange(other.pass_rows, 0) == 0 || other.passes >= passes_wanted;
}

Result<Done> Migration::commit(Rest rest) {
    Parts& parts = *state_->parts;
    const std::vector<ComponentChange>& changes = state_->plan.changes;
    if (state_->stage != State::Stage::prepared) return stale("it was committed");
    if (auto quiet = check_quiet(parts); !quiet) return quiet;
    if (auto good = check_plan(parts, state_->plan); !good) return good;
    parts.unsettled.settle_all();  // of a migration before this one
    Waiting waiting;
    auto done = sweep_rest(parts, {changes, state_->call}, state_->other,
                           rest == Rest::on_touch ? &waiting : nullptr);
    if (!done) return done;
    exchange(parts, changes, state_->other);
    parts.tables.arena().drop_ready();
    parts.components.drop_settled();
    state_->stage = State::Stage::committed;
    state_->committed_at = parts.data.tick++;
    state_->committed_version = parts.layout_version;
    bring_later(parts, state_.get(), {changes, state_->call, nullptr, &state_->silent},
                state_->other, waiting);
    return Done{};
}

Migration::State::Return::Return(State& state, std::vector<ComponentChange> reversed, Rest wanted)
    : changes{std::move(reversed)},
      rest{wanted},
      way{state.other,         state.plan.changes,
          state.parts->tables, state.committed_at,
          state.parts->limits, static_cast<std::uint32_t>(state.parts->data.record_count)},
      how{changes, state.call, &way, &silent} {
    other.layout_version = state.parts->layout_version;
    if (state.committed_version == state.parts->layout_version) lend(state);
}

// Where no row has moved since the commit, the world can have the very chunk back.
void Migration::State::Return::lend(const State& state) {
    TableStore& tables = state.parts->tables;
    for (const OtherTable& kept : state.other.tables) {
        const Archetype& archetype = tables.at(kept.archetype);
        if (archetype.chunks.empty()) continue;
        OtherTable& table = table_for(*state.parts, changes, archetype, other);
        if (!same_places(table.layout, kept.layout)) continue;
        table.chunks.resize(archetype.chunks.size());
        for (std::size_t i = 0; i < std::min(kept.chunks.size(), table.chunks.size()); ++i) {
            if (tables.moved_tick(*archetype.chunks[i]) > state.committed_at) continue;
            table.chunks[i] = {kept.chunks[i].chunk, state.committed_at, true, false};
        }
    }
}

// They are not the migration's any more.
void Migration::State::Return::take_lent(State& state) {
    for (OtherTable& table : other.tables) {
        for (std::size_t i = 0; i < table.chunks.size(); ++i) {
            OtherChunk& one = table.chunks[i];
            one.in_place = std::exchange(one.lent, false);
            if (!one.in_place) continue;
            find_table(state.other, table.archetype)->chunks[i].chunk = nullptr;
            way.forget(table.archetype, i);
        }
    }
}

Result<Done> Migration::begin_rollback(std::span<const OwnerId> leaving, Rest rest) {
    Parts& parts = *state_->parts;
    if (state_->stage != State::Stage::committed && state_->stage != State::Stage::returning)
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
    for (ComponentChange& change : back) {
        if (change.convert == nullptr) continue;
        // It leaves with the version that is taken back, so no row may wait for it; or is it gone?
        const auto nothing = [] {};
        if (state_->call == nullptr || state_->call(change.converter_owner, nothing)) {
            rest = Rest::at_once;
        } else {
            log::warn(
                "rollback: {}: the function of {} is not called any more; the values of the "
                "hand-over stay",
                change.before.name, parts.label(change.converter_owner));
            change.convert = nullptr;
        }
    }
    state_->back = std::make_unique<State::Return>(*state_, std::move(back), rest);
    state_->stage = State::Stage::returning;
    return Done{};
}

Result<Done> Migration::rollback(std::span<const OwnerId> leaving, Rest rest) {
    Parts& parts = *state_->parts;
    if (parts.locked()) return stale("the commit");
    if (auto begun = begin_rollback(leaving, rest); !begun) return begun;
    State::Return& back = *state_->back;
    while (back.way.index(std::numeric_limits<std::uint64_t>::max()) != 0) {
    }
    Waiting waiting;
    auto built =
        sweep_rest(parts, back.how, back.other, back.rest == Rest::on_touch ? &waiting : nullptr);
    if (!built) return built;
    back.take_lent(*state_);
    if (!settled()) parts.unsettled.forget_all();  // those are lent as they were
    exchange(parts, back.changes, back.other);
    ++parts.data.tick;
    state_->stage = State::Stage::returned;
    bring_later(parts, state_.get(), back.how, back.other, waiting);
    if (settled()) accept();
    return Done{};
}

bool Migration::settled() const noexcept { return !state_->parts->unsettled.is_of(state_.get()); }

void Migration::accept() noexcept {
    if (state_->stage == State::Stage::ended) return;
    if (!settled()) state_->parts->unsettled.settle_all();
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
        for (const OtherChunk& one : table.chunks) {
            if (one.chunk != nullptr) bytes += table.layout.chunk_bytes;
        }
    }
    for (const auto& sparse : state_->other.sparse) bytes += sparse->rows.bytes();
    return bytes;
}

}  // namespace gantry::ecs
