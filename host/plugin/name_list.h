// Names of worlds and plugins in sentences.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/loaded.h"
#include "host/plugin/rooms.h"

namespace gantry::plugin {

/// "world main", "worlds main, lobby", of many only "20 worlds".
std::string world_list(std::span<const std::string> names);
/// The names of the places with these ids, in the order of the places.
std::vector<std::string> world_names(const std::vector<WorldPlace>& places,
                                     std::span<const WorldId> ids);
/// Of those that came in one plan all but this one.
std::vector<std::string> others_of(std::vector<std::string> partners, std::string_view plugin);
std::vector<std::string> names_of(const std::map<std::string, Loaded, std::less<>>& loaded);

}  // namespace gantry::plugin
