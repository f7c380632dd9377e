// Private state on its way from one generation to the next.
#pragma once
#include "host/route/state_store.h"
#include "host/world/instance.h"

namespace gantry::world {

class World;

enum class Saved : std::uint8_t { yes, nothing, failed };

/// `nothing` when the plugin keeps no private state. [world]
Saved save_state(WorldInstance& from, route::StateStore& state);
/// True when it was taken, or when the plugin keeps none. [world]
bool restore_state(WorldInstance& into, route::StateStore& state);

/// What the plugin would hand over now; null when it has nothing to. [world]
std::shared_ptr<route::StateStore> state_of(World& world, std::string_view plugin);

}  // namespace gantry::world
