// Entities and their components: made, found, changed, destroyed.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/ecs/parts.h"
#include "host/ecs/row_copy.h"

namespace gantry::ecs {
namespace {

constexpr std::size_t known_sets_count = 64;
constexpr std::uint64_t prefetch_entities = 16;

std::size_t hash_of(std::span<const ComponentId> set) noexcept {
    std::size_t hash = set.size();
    for (const ComponentId id : set) hash = hash * 31 + id;
    return hash;
}

Error in_a_loop() {
    return Error{Status::refused, "a loop over this world is running: record it in commands()"};
}

Error world_full(const Parts& parts) {
    return Error{Status::limit,
                 fmt::format("the world has {} entities of {} (entities_max) or too many sets of "
                             "components (archetypes_max)",
                             parts.entities.alive_count(), parts.limits.entities_max)};
}

}  // namespace

Archetype* Parts::known_archetype(std::span<const ComponentId> set) const noexcept {
    if (known_sets.empty() || set.size() > query_terms_max) return nullptr;
    const KnownSet& known = known_sets[hash_of(set) % known_sets_count];
    const bool same =
        known.count == set.size() && std::equal(set.begin(), set.end(), known.components.begin());
    return same ? known.archetype : nullptr;
}

Result<Archetype*> Parts::archetype_for(std::span<const ComponentId> set,
                                        std::vector<ComponentId>* sparse_out) {
    if (Archetype* const known = known_archetype(set)) return known;
    std::vector<ComponentId> in_tables;
    for (const ComponentId id : set) {
        const Component* const component = components.find(id);
        if (component == nullptr) {
            return Error{Status::invalid,
                         fmt::format("this world has no component with id {}", id)};
        }
        const bool is_sparse = component->schema.sparse();
        if (is_sparse && sparse_out == nullptr) {
            return Error{Status::invalid, fmt::format("{} is sparse: rows have no column for it",
                                                      component->schema.name)};
        }
        (is_sparse ? *sparse_out : in_tables).push_back(id);
    }
    std::sort(in_tables.begin(), in_tables.end());
    if (std::adjacent_find(in_tables.begin(), in_tables.end()) != in_tables.end()) {
        return Error{Status::invalid, "a component is named twice"};
    }
    const bool all_in_tables = in_tables.size() == set.size();
    Archetype* const found = tables.archetype(std::move(in_tables));
    if (found == nullptr) {
        (void)limit_met();
        return world_full(*this);
    }
    if (all_in_tables && set.size() <= query_terms_max) {
        known_sets.resize(known_sets_count);
        KnownSet& known = known_sets[hash_of(set) % known_sets_count];
        std::copy(set.begin(), set.end(), known.components.begin());
        known.count = static_cast<std::uint32_t>(set.size());
        known.archetype = found;
    }
    return found;
}

void Parts::place(Archetype& archetype, const Entity* placed, std::uint32_t count) {
    for (std::uint32_t done = 0; done < count;) {
        const RowRange rows = tables.append(archetype, count - done);
        std::memcpy(entity_column(rows.chunk) + rows.first, placed + done,
                    sizeof(Entity) * rows.count);
        for (std::uint32_t i = 0; i < rows.count; ++i) {
            entities.set_location(placed[done + i], rows.location() + i);
        }
        tables.init_rows(archetype, rows);
        done += rows.count;
    }
}

Status World::create_rows(std::span<const ComponentId> components, std::uint64_t wanted,
                          ChunkCursor& rows) {
    Parts& parts = *parts_;
    if (parts.locked()) return Status::refused;
    if (components.size() > query_terms_max) return Status::invalid;
    Archetype* found = parts.known_archetype(components);
    if (found == nullptr) {
        const auto made = parts.archetype_for(components, nullptr);
        if (!made) return made.error().status;
        found = *made;
    }
    if (parts.entities.room() == 0) return parts.limit_met();
    Archetype& target = *found;
    const RowRange made = parts.tables.append(target, std::min(wanted, parts.entities.room()));
    parts.entities.take_run(entity_column(made.chunk) + made.first, made.count, made.location());
    parts.tables.init_rows(target, made);
    rows.count = made.count;
    rows.entities = chunk_entities(made.chunk) + made.first;
    for (std::size_t i = 0; i < components.size(); ++i) {
        const Column& column = target.columns[target.entries[components[i]].slot];
        rows.columns[i] = column_row(made.chunk, column, made.first);
    }
    return Status::ok;
}

Result<Entity> World::create(std::span<const ComponentId> components) {
    Parts& parts = *parts_;
    if (parts.locked()) return in_a_loop();
    std::vector<ComponentId> sparse;
    const auto archetype = parts.archetype_for(components, &sparse);
    if (!archetype) return archetype.error();
    auto made = reserve();
    if (!made) return made;
    parts.place(**archetype, &*made, 1);
    for (const ComponentId id : sparse) (void)add(*made, id);
    return made;
}

Result<Entity> World::reserve() {
    if (parts_->entities.room() == 0) {
        (void)parts_->limit_met();
        return world_full(*parts_);
    }
    return parts_->entities.take(0);
}

bool World::valid(Entity entity) const noexcept { return parts_->entities.alive(entity); }

bool Parts::destroy_one(Entity entity) {
    if (!entities.alive(entity)) return false;
    const std::uint32_t location = entities.location(entity);
    if (location != 0) tables.remove_row(location);
    entities.kill(detail::entity_index(entity));
    return true;
}

Result<std::uint64_t> World::destroy(std::span<const Entity> entities) {
    Parts& parts = *parts_;
    if (parts.locked()) return in_a_loop();
    parts.sparse.forget(entities);
    if (entities.size() == 1) return parts.destroy_one(entities[0]) ? 1u : 0u;
    std::uint64_t destroyed = 0;
    for (std::size_t i = 0; i < entities.size();) {
        if (!parts.entities.alive(entities[i])) {
            ++i;
            continue;
        }
        const std::uint32_t location = parts.entities.location(entities[i]);
        Archetype* const archetype = parts.tables.archetype_of(location);
        parts.locations.clear();
        for (; i < entities.size(); ++i) {
            if (i + prefetch_entities < entities.size() &&
                parts.entities.alive(entities[i + prefetch_entities])) {
                parts.entities.prefetch(entities[i + prefetch_entities]);
            }
            if (!parts.entities.alive(entities[i])) continue;
            const std::uint32_t at = parts.entities.location(entities[i]);
            if (parts.tables.archetype_of(at) != archetype) break;
            parts.entities.kill(detail::entity_index(entities[i]));
            parts.locations.push_back(at);
        }
        destroyed += parts.locations.size();
        if (archetype == nullptr) continue;  // reserved, without rows
        parts.tables.close_holes(*archetype, parts.locations.data(),
                                 static_cast<std::uint32_t>(parts.locations.size()));
    }
    return destroyed;
}

void Parts::touch(Entity entity, const Component& known, ComponentId component) {
    if (known.schema.sparse()) {
        const std::uint32_t row = sparse.find(component)->row(entity);
        if (row != no_row) unsettled.touch_row(component, row);
    } else if (entities.alive(entity) && entities.location(entity) != 0) {
        unsettled.touch(*tables.chunk_of(entities.location(entity)));
    }
}

const void* World::get(Entity entity, ComponentId component) const noexcept {
    const Component* const known = parts_->components.find(component);
    if (known == nullptr) return nullptr;
    if (parts_->unsettled.any()) parts_->touch(entity, *known, component);
    const std::uint32_t bytes = known->schema.size;
    return known->schema.sparse()
               ? detail::find_row<true>(&parts_->data, entity, component, bytes)
               : detail::find_row<false>(&parts_->data, entity, component, bytes);
}

void* World::get_mut(Entity entity, ComponentId component) noexcept {
    const Component* const known = parts_->components.find(component);
    if (known == nullptr) return nullptr;
    if (parts_->unsettled.any()) parts_->touch(entity, *known, component);
    const std::uint32_t bytes = known->schema.size;
    return known->schema.sparse()
               ? detail::find_row_mut<true>(&parts_->data, entity, component, bytes)
               : detail::find_row_mut<false>(&parts_->data, entity, component, bytes);
}

void* World::add(Entity entity, ComponentId component, const void* value) {
    Parts& parts = *parts_;
    const Component* const known = parts.components.find(component);
    if (known == nullptr || !parts.entities.alive(entity)) return nullptr;
    const Schema& schema = known->schema;
    if (void* const present = get_mut(entity, component)) {  // the caller may write to it
        return value == nullptr ? present : std::memcpy(present, value, schema.size);
    }
    if (parts.locked()) return nullptr;
    if (value == nullptr) value = schema.defaults.data();
    if (schema.sparse()) {
        SparseSet& set = *parts.sparse.find(component);
        const std::uint32_t row = set.add(entity);
        copy_row(set.at(row), static_cast<const std::byte*>(value), schema.size);
        set.mark(row, parts.data.tick);
        return set.at(row);
    }
    if (parts.entities.location(entity) == 0)
        parts.place(parts.tables.empty_archetype(), &entity, 1);
    Archetype& from = *parts.tables.archetype_of(parts.entities.location(entity));
    Edge* const edge = parts.tables.edge(from, component);
    if (edge == nullptr) {
        (void)parts.limit_met();
        return nullptr;
    }
    const RowRange row = parts.tables.move_row(entity, *edge);
    std::byte* const place =
        column_row(row.chunk, edge->target->columns[edge->added_slot], row.first);
    copy_row(place, static_cast<const std::byte*>(value), schema.size);
    parts.tables.mark(*edge->target, row, edge->added_slot);
    return place;
}

}  // namespace gantry::ecs
