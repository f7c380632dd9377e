// did_you_mean: what somebody who mistyped a name may have meant.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gantry::core {

/// `; did you mean "framing"?` when one of `known` is near enough to `word`, else nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace gantry::core
