// Private state on its way from one generation to the next.
#pragma once
#include "host/route/state_store.h"
#include "host/world/instance.h"

namespace gantry::world {

enum class Saved : std::uint8_t { yes, nothing, failed };

/// `nothing` when the plugin keeps no private state. [world]
Saved save_state(WorldInstance& from, route::StateStore& state);
/// True when it was taken, or when the plugin keeps none. [world]
bool restore_state(WorldInstance& into, route::StateStore& state);

}  // namespace gantry::world
