#include "host/plugin/name_list.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::plugin {

std::string world_list(std::span<const std::string> names) {
    constexpr std::size_t named_max = 8;
    if (names.size() > named_max) return fmt::format("{} worlds", names.size());
    return fmt::format("world{} {}", names.size() == 1 ? "" : "s", fmt::join(names, ", "));
}

std::vector<std::string> world_names(const std::vector<WorldPlace>& places,
                                     std::span<const WorldId> ids) {
    std::vector<std::string> names;
    for (const WorldPlace& place : places) {
        if (std::find(ids.begin(), ids.end(), place.id) != ids.end()) names.push_back(place.name);
    }
    return names;
}

std::vector<std::string> others_of(std::vector<std::string> partners, std::string_view plugin) {
    std::erase(partners, plugin);
    return partners;
}

std::vector<std::string> names_of(const std::map<std::string, Loaded, std::less<>>& loaded) {
    std::vector<std::string> names;
    for (const auto& [name, one] : loaded) names.push_back(name);
    return names;
}

}  // namespace gantry::plugin
