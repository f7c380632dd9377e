// EntityImage: one entity's components on their way to another world.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "host/ecs/migration.h"
#include "host/ecs/schema.h"
#include "host/ecs/world.h"

namespace gantry::ecs {

/// Values with the layouts they have, since another world may have others. Plain memory: it may
/// cross threads and outlives its world.
struct EntityImage {
    struct Part {
        Schema schema;
        std::vector<std::byte> value;
    };
    Entity entity;  ///< what it was; a component that refers to it refers to itself
    std::vector<Part> parts;
};

/// All components but those in `without`. Empty for a dead handle. [world]
EntityImage image_of(const World& world, Entity entity, std::span<const ComponentId> without);

/// Adds the components to `entity`, each as this world lays it out: by the rules of a migration,
/// with the functions of those who use it here, reached by `call`. References to other entities
/// of the old world become none. What could not come is one sentence each. [world]
std::vector<std::string> put_image(World& world, Entity entity, const EntityImage& image,
                                   const CallOwner& call);

}  // namespace gantry::ecs
