// The component "gantry.connection": every session is an entity, and this is what it carries.
#pragma once
#include "host/ecs/world.h"
#include "host/world/session_list.h"

namespace gantry::world {

/// Registers the component of gantry/connection.h with the host as its user.
ComponentId register_connection(ecs::World& world);
Entity create_connection(ecs::World& world, ComponentId component, const WorldSession& session);
void update_connection(ecs::World& world, ComponentId component, const WorldSession& session,
                       std::uint64_t messages_out);

}  // namespace gantry::world
