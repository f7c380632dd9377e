// EntityImage: one entity's components on their way to another world.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "host/ecs/component_table.h"
#include "host/ecs/migration.h"
#include "host/ecs/schema.h"
#include "host/ecs/world.h"

namespace gantry::ecs {

/// Says whether an owner serves in a world. One that an owner has replaced, or that is about to
/// serve, may know components there by another layout than they have.
using Serves = std::function<bool(OwnerId owner)>;

/// Values with the layouts they have, since another world may have others. It may cross threads and
/// outlives its world; whoever keeps it keeps the libraries of `convert`, too.
struct EntityImage {
    struct Part {
        Schema schema;
        std::vector<std::byte> value;
        Converter convert;  ///< of who serves in its world: a world with an older version has none
    };
    Entity entity;  ///< what it was; a component that refers to it refers to itself
    std::vector<Part> parts;
};

/// All components but those in `without`. Empty for a dead handle. [world]
EntityImage image_of(const World& world, Entity entity, std::span<const ComponentId> without,
                     const Serves& serves);

/// Adds the components to `entity`, each as this world lays it out. To a newer version it comes by
/// the rules of a migration, with the function of who serves here; to an older one as a rollback
/// would take it, with the function that the image has. Both are reached by `call`. References to
/// other entities of the old world become none. What could not come is one sentence each. [world]
std::vector<std::string> put_image(World& world, Entity entity, const EntityImage& image,
                                   const Serves& serves, const CallOwner& call);

}  // namespace gantry::ecs
