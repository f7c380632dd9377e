// What keeps generations of plugins in a world.
#pragma once
#include <vector>

#include "host/route/holding.h"

namespace gantry::world {

class World;

using route::Holding;

/// Those that serve, their predecessors in probation, what a fault has parked, and what leaves.
/// [world]
std::vector<Holding> holdings(const World& world);

}  // namespace gantry::world
