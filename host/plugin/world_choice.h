// Which worlds take a new version first.
#pragma once
#include <string_view>
#include <vector>

#include "host/core/result.h"
#include "host/plugin/rooms.h"

namespace gantry::plugin {

/// From "main,lobby" the worlds of these names; from "5%" that share of `all`, spread evenly, at
/// least one and never all. From nothing, none: no choice is made. An error names what is wrong;
/// `whose` are the worlds, "this plugin".
Result<std::vector<WorldId>> choose_worlds(std::string_view text,
                                           const std::vector<WorldPlace>& all,
                                           std::string_view whose);

}  // namespace gantry::plugin
