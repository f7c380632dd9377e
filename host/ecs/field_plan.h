// Carrying a column of components from one layout to another.
#pragma once
#include <cstddef>

#include "host/ecs/migration.h"

namespace gantry::ecs {

/// True when every value of `from` is one of `to`.
bool widens(FieldKind from, FieldKind to) noexcept;

/// `rows` components of change.before become as many of change.after: defaults first, then each
/// move. What does not fit (on the way back only) is clamped.
void convert_rows(const ComponentChange& change, const std::byte* from, std::byte* to,
                  std::size_t rows);

}  // namespace gantry::ecs
