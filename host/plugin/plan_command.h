// The command that swaps two plugins at once, for sentences that name it.
#pragma once
#include <string>

#include "host/plugin/drop_folder.h"

namespace gantry::plugin {

/// "gantry swap rules@2.0.0 bots@2.0.0" for a candidate, and a plugin of which `version` runs: with
/// its newest file in the drop folder, where that is another version.
std::string plan_command(const DropFolder& drop, const std::string& candidate,
                         const std::string& candidate_version,
                         const std::filesystem::path& candidate_file, const std::string& other,
                         const std::string& other_version);

}  // namespace gantry::plugin
