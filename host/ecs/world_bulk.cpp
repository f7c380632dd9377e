// Components added to and removed from many entities at once, in runs of one archetype.
#include <fmt/format.h>

#include "host/ecs/parts.h"
#include "host/ecs/row_copy.h"

namespace gantry::ecs {
namespace {

constexpr std::size_t prefetch_entities = 16;

/// Takes the entities from `begin` on that are rows of `from` into limbo, and notes where they
/// were. A second mention of one ends the run. Answers the end of the run.
std::size_t take_run(Parts& parts, const Archetype& from, std::span<const Entity> entities,
                     std::size_t begin) {
    parts.locations.clear();
    std::size_t i = begin;
    for (; i < entities.size(); ++i) {
        if (i + prefetch_entities < entities.size() &&
            detail::entity_index(entities[i + prefetch_entities]) < parts.data.record_count) {
            parts.entities.prefetch(entities[i + prefetch_entities]);
        }
        if (!parts.entities.alive(entities[i])) break;
        const std::uint32_t at = parts.entities.location(entities[i]);
        if (parts.tables.archetype_of(at) != &from) break;
        parts.locations.push_back(at);
        parts.entities.set_location(entities[i], 0);
    }
    return i;
}

/// The archetype of a living entity; a reserved one gets its row now.
Archetype& archetype_of(Parts& parts, Entity entity) {
    if (parts.entities.location(entity) == 0)
        parts.place(parts.tables.empty_archetype(), &entity, 1);
    return *parts.tables.archetype_of(parts.entities.location(entity));
}

}  // namespace

Status World::add(std::span<const Entity> entities, ComponentId component, const void* values,
                  std::uint32_t stride) {
    Parts& parts = *parts_;
    if (parts.locked()) return Status::refused;
    const Component* const known = parts.components.find(component);
    if (known == nullptr) return Status::invalid;
    const Schema& schema = known->schema;
    const bool defaults = values == nullptr;
    const auto* const from_values =
        static_cast<const std::byte*>(defaults ? schema.defaults.data() : values);
    const std::size_t step = defaults ? 0 : stride;

    for (std::size_t i = 0; i < entities.size();) {
        if (!parts.entities.alive(entities[i])) {
            ++i;
            continue;
        }
        Archetype* const from = schema.sparse() ? nullptr : &archetype_of(parts, entities[i]);
        if (from == nullptr || from->has(component)) {
            (void)add(entities[i], component, defaults ? nullptr : from_values + step * i);
            ++i;
            continue;
        }
        Edge* const edge = parts.tables.edge(*from, component);
        if (edge == nullptr) return parts.limit_met();
        const std::size_t end = take_run(parts, *from, entities, i);
        const Column& column = edge->target->columns[edge->added_slot];
        parts.tables.move_rows(
            *from, *edge, entities.data() + i, parts.locations.data(),
            static_cast<std::uint32_t>(end - i), [&](const RowRange& rows, std::uint32_t first) {
                copy_rows(column_row(rows.chunk, column, rows.first),
                          from_values + step * (i + first), schema.size, step, rows.count);
                parts.tables.mark(*edge->target, rows, edge->added_slot);
            });
        i = end;
    }
    return Status::ok;
}

Result<std::uint64_t> World::remove(std::span<const Entity> entities, ComponentId component) {
    Parts& parts = *parts_;
    if (parts.locked()) {
        return Error{Status::refused, "a loop over this world is running: record it in commands()"};
    }
    if (parts.components.find(component) == nullptr) {
        return Error{Status::invalid,
                     fmt::format("this world has no component with id {}", component)};
    }
    std::uint64_t removed = 0;
    if (SparseSet* const set = parts.sparse.find(component)) {
        for (const Entity entity : entities) removed += set->remove(entity);
        return removed;
    }
    for (std::size_t i = 0; i < entities.size();) {
        const bool alive = parts.entities.alive(entities[i]);
        Archetype* const from =
            alive ? parts.tables.archetype_of(parts.entities.location(entities[i])) : nullptr;
        if (from == nullptr || !from->has(component)) {
            ++i;
            continue;
        }
        Edge* const edge = parts.tables.edge(*from, component);
        if (edge == nullptr) {
            (void)parts.limit_met();
            return Error{Status::limit, "remove: too many sets of components (archetypes_max)"};
        }
        if (entities.size() == 1) {
            (void)parts.tables.move_row(entities[0], *edge);
            return 1u;
        }
        const std::size_t end = take_run(parts, *from, entities, i);
        parts.tables.move_rows(*from, *edge, entities.data() + i, parts.locations.data(),
                               static_cast<std::uint32_t>(end - i),
                               [](const RowRange&, std::uint32_t) {});
        removed += end - i;
        i = end;
    }
    return removed;
}

}  // namespace gantry::ecs
