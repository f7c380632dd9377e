// What an inspector shows of a world. Plain values; whoever serves them makes the JSON.
#pragma once
#include <string>
#include <vector>

#include "gantry/ecs/desc.h"
#include "host/ecs/schema.h"
#include "host/ecs/world.h"

namespace gantry::ecs {

struct ArchetypeInfo {
    std::uint32_t index = 0;
    std::vector<ComponentId> components;  ///< sorted
    std::uint64_t rows = 0;
    std::uint32_t chunks = 0;
    std::uint32_t chunk_rows = 0;  ///< capacity of a chunk
    std::uint32_t chunk_bytes = 0;
};

struct ComponentInfo {
    ComponentId id = no_component;
    const Schema* schema = nullptr;  ///< valid until the next migration
    std::vector<std::string> users;  ///< labels of the owners that registered it
    std::uint64_t rows = 0;          ///< entities that have it
};

struct FieldValue {
    std::string name;
    FieldKind kind = FieldKind::none;
    std::string text;
};

std::vector<ArchetypeInfo> list_archetypes(const World& world);
std::vector<ComponentInfo> list_components(const World& world);
/// At most `count_max` entities, skipping the first `skip`, in storage order.
std::vector<Entity> list_entities(const World& world, std::uint64_t skip, std::uint64_t count_max);
/// Table and sparse, sorted by id; empty for a dead handle.
std::vector<ComponentId> components_of(const World& world, Entity entity);
/// Empty when the entity has no such component.
std::vector<FieldValue> fields_of(const World& world, Entity entity, ComponentId component);
std::vector<FieldValue> fields_of_resource(const World& world, ComponentId resource);

}  // namespace gantry::ecs
