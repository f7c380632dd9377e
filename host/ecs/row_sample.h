// RowSample: some real rows of a component, on their way to another process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/ecs/world.h"

namespace gantry::ecs {

struct RowSample {
    std::string component;
    std::string layout;  ///< layout_text() of what follows
    std::vector<std::byte> rows;
};

inline constexpr std::uint32_t sample_rows_max = 64;
inline constexpr std::size_t sample_bytes_max = 1024 * 1024;  // of one component

/// The first rows of each component that this owner uses. Handles in them mean nothing elsewhere.
/// [world]
std::vector<RowSample> sample_rows(const World& world, std::string_view owner_label);

/// Gives each of them to an entity of its own, where this world lays it out in the same way.
/// [world]
std::vector<Entity> put_rows(World& world, const RowSample& sample);

}  // namespace gantry::ecs
