// Holding: what keeps one generation of a plugin in one room.
#pragma once
#include <string>
#include <vector>

namespace gantry::route {

/// One instance: which generation, and what it does there, a sentence each.
struct Holding {
    std::string label;  ///< "arena@1.0.0#1"
    std::vector<std::string> what;
};

}  // namespace gantry::route
