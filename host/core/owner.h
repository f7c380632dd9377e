// Owner: the instance that something in the host belongs to.
#pragma once
#include <cstdint>
#include <string>

namespace gantry::core {

/// Ids are given once per process and never again. The label outlives whatever it is stamped on,
/// for the instance that has it is destroyed last.
struct Owner {
    std::uint32_t id = 0;
    std::string label;  ///< "arena@1.0.0#1"
    std::string plugin;
    std::string version;
    std::uint32_t generation = 0;
};

}  // namespace gantry::core
