#include "host/ecs/inspect.h"

#include <algorithm>

#include "host/ecs/parts.h"

namespace gantry::ecs {
namespace {

std::vector<FieldValue> values_of(const Schema& schema, const void* component) {
    std::vector<FieldValue> values;
    for (const Field& field : schema.fields) {
        values.push_back({field.name, field.kind, field_text(field, component)});
    }
    return values;
}

}  // namespace

std::vector<ArchetypeInfo> list_archetypes(const World& world) {
    std::vector<ArchetypeInfo> list;
    for (const auto& archetype : world.parts().tables.archetypes()) {
        ArchetypeInfo& info = list.emplace_back();
        info.index = archetype->index;
        for (const Column& column : archetype->columns) info.components.push_back(column.component);
        info.rows = archetype->rows;
        info.chunks = static_cast<std::uint32_t>(archetype->chunks.size());
        info.chunk_rows = archetype->chunk_rows;
        info.chunk_bytes = archetype->chunk_bytes;
    }
    return list;
}

std::vector<ComponentInfo> list_components(const World& world) {
    const Parts& parts = world.parts();
    std::vector<ComponentInfo> list;
    for (const ComponentId id : parts.components.known()) {
        const Component& component = parts.components[id];
        ComponentInfo& info = list.emplace_back();
        info.id = id;
        info.schema = &component.schema;
        for (const OwnerId user : component.users) info.users.push_back(parts.label(user));
        if (const SparseSet* const set = parts.sparse.find(id)) info.rows = set->data().count;
        for (const auto& archetype : parts.tables.archetypes()) {
            if (archetype->has(id)) info.rows += archetype->rows;
        }
    }
    return list;
}

std::vector<Entity> list_entities(const World& world, std::uint64_t skip, std::uint64_t count_max) {
    std::vector<Entity> list;
    for (const auto& archetype : world.parts().tables.archetypes()) {
        for (const Chunk* chunk : archetype->chunks) {
            const std::uint64_t skipped = std::min<std::uint64_t>(skip, chunk->count);
            skip -= skipped;
            const std::uint64_t taken = std::min(count_max - list.size(), chunk->count - skipped);
            const Entity* const first = chunk_entities(chunk) + skipped;
            list.insert(list.end(), first, first + taken);
            if (list.size() == count_max) return list;
        }
    }
    return list;
}

std::vector<ComponentId> components_of(const World& world, Entity entity) {
    const Parts& parts = world.parts();
    std::vector<ComponentId> list;
    if (!parts.entities.alive(entity)) return list;
    const Archetype* const archetype = parts.tables.archetype_of(parts.entities.location(entity));
    if (archetype != nullptr) {
        for (const Column& column : archetype->columns) list.push_back(column.component);
    }
    for (const ComponentId id : parts.sparse.components()) {
        if (parts.sparse.find(id)->row(entity) != no_row) list.push_back(id);
    }
    std::sort(list.begin(), list.end());
    return list;
}

std::vector<FieldValue> fields_of(const World& world, Entity entity, ComponentId component) {
    const void* const value = world.get(entity, component);
    if (value == nullptr) return {};
    return values_of(*world.schema(component), value);
}

std::vector<FieldValue> fields_of_resource(const World& world, ComponentId resource) {
    const void* const value = world.resource(resource);
    if (value == nullptr) return {};
    return values_of(*world.schema(resource), value);
}

}  // namespace gantry::ecs
