// The layouts that a candidate changes, tried in the canary process on rows of the live world.
#pragma once
#include <functional>
#include <span>
#include <string_view>

#include "host/core/result.h"
#include "host/ecs/row_sample.h"

namespace gantry::app {

/// `components` has the present layouts, and `owner` has registered its own. `at` is told of each
/// step before it is taken, for the candidate's code runs in some. Leaves no entity behind.
Result<Done> try_migration(ecs::World& components, std::uint32_t owner,
                           std::span<const ecs::RowSample> live,
                           const std::function<void(std::string_view step)>& at);

}  // namespace gantry::app
