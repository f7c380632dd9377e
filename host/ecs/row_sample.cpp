#include "host/ecs/row_sample.h"

#include <algorithm>

#include "host/ecs/parts.h"

namespace gantry::ecs {
namespace {

bool is_used_by(const Parts& parts, ComponentId id, std::string_view owner_label) {
    const auto& users = parts.components[id].users;
    return std::any_of(users.begin(), users.end(),
                       [&](OwnerId user) { return parts.label(user) == owner_label; });
}

std::vector<Entity> first_with(const Parts& parts, ComponentId id, std::size_t count_max) {
    std::vector<Entity> list;
    const auto take = [&](const Entity* first, std::size_t count) {
        list.insert(list.end(), first, first + std::min(count, count_max - list.size()));
    };
    if (const SparseSet* const set = parts.sparse.find(id)) {
        take(set->data().entities, set->data().count);
    }
    for (const auto& archetype : parts.tables.archetypes()) {
        if (!archetype->has(id)) continue;
        for (const Chunk* chunk : archetype->chunks) {
            if (list.size() == count_max) return list;
            take(chunk_entities(chunk), chunk->count);
        }
    }
    return list;
}

}  // namespace

std::vector<RowSample> sample_rows(const World& world, std::string_view owner_label) {
    const Parts& parts = world.parts();
    std::vector<RowSample> list;
    for (const ComponentId id : parts.components.known()) {
        const Schema& schema = parts.components[id].schema;
        if (schema.size == 0 || !is_used_by(parts, id, owner_label)) continue;
        RowSample sample{schema.name, layout_text(schema), {}};
        const std::size_t count_max =
            std::min<std::size_t>(sample_rows_max, sample_bytes_max / schema.size);
        for (const Entity entity : first_with(parts, id, count_max)) {
            const auto* const row = static_cast<const std::byte*>(world.get(entity, id));
            sample.rows.insert(sample.rows.end(), row, row + schema.size);
        }
        if (!sample.rows.empty()) list.push_back(std::move(sample));
    }
    return list;
}

std::vector<Entity> put_rows(World& world, const RowSample& sample) {
    std::vector<Entity> list;
    const ComponentId id = world.find_component(sample.component);
    const Schema* const schema = world.schema(id);
    if (schema == nullptr || schema->size == 0 || layout_text(*schema) != sample.layout) return {};
    for (std::size_t at = 0; at + schema->size <= sample.rows.size(); at += schema->size) {
        const auto entity = world.create();
        if (!entity) break;
        list.push_back(*entity);
        world.add(*entity, id, sample.rows.data() + at);
    }
    return list;
}

}  // namespace gantry::ecs
