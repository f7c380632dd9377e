// Carrying a column of components from one layout to another.
#pragma once
#include <cstddef>

#include "host/ecs/component_table.h"
#include "host/ecs/migration.h"

namespace gantry::ecs {

/// True when every value of `from` is one of `to`.
bool widens(FieldKind from, FieldKind to) noexcept;

/// Fields by name, or by what the newer of the two versions declares: the same kind copies, a
/// widening converts, a new one takes its default. `refused` with both layouts where a kind
/// narrows or changes, or an array or text shrinks, and nothing is declared about it.
Result<ComponentChange> plan_change(ComponentId component, const Schema& before,
                                    const Schema& after, const Converter& of_before = {},
                                    const Converter& of_after = {});
/// The way back: what was widened narrows (clamped), what is `kept` is left to the caller.
ComponentChange reverse_change(const ComponentChange& change);

/// What becomes of bytes that no move writes.
enum class RestOfRow { defaults, stays };

/// `rows` components of change.before become as many of change.after: defaults first, then each
/// move. What does not fit (on the way back only) is clamped.
void convert_rows(const ComponentChange& change, const std::byte* from, std::byte* to,
                  std::size_t rows, RestOfRow rest = RestOfRow::defaults);

}  // namespace gantry::ecs
