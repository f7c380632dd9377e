// What keeps generations of plugins in a world.
#pragma once
#include <string>
#include <vector>

#include "host/core/owner.h"

namespace gantry::world {

class World;

/// One instance: which generation, and what it does there, a sentence each.
struct Holding {
    std::string label;  ///< "arena@1.0.0#1"
    std::vector<std::string> what;
};

/// Those that serve, their predecessors in probation, and what a fault has parked. [world]
std::vector<Holding> holdings(const World& world);

}  // namespace gantry::world
