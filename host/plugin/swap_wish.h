// SwapWish: what an operator asks of a swap.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "gantry/plugin.h"

namespace gantry::plugin {

/// By version from the drop folder, or by file; with neither, the newest.
struct PluginWish {
    std::string plugin{};  ///< may be empty with a file, which says it itself
    std::string version{};
    std::filesystem::path file{};
    const PluginDesc* linked = nullptr;  ///< into this program, for tests; then it alone counts
};

struct SwapWish {
    std::vector<PluginWish> plugins{};  ///< several: all at once, or none
    std::string worlds{};  ///< only these at first: "5%" or "main,lobby"; empty: all at once
    /// With `worlds`: new sessions that this holds for (see SessionRule) begin in those.
    std::string sessions{};
    bool promote = false;  ///< with `worlds`: the others follow once the probation has passed
    bool settle = false;   ///< a probation that is under way ends now instead of refusing
};

}  // namespace gantry::plugin
