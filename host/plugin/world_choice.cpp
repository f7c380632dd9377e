#include "host/plugin/world_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gantry::plugin {
namespace {

Result<std::vector<WorldId>> by_share(std::string_view text, const std::vector<WorldPlace>& all,
                                      std::string_view whose) {
    double percent = 0;
    const auto end = text.data() + text.size() - 1;
    const auto parsed = std::from_chars(text.data(), end, percent);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !(percent > 0 && percent < 100)) {
        return Error{Status::invalid,
                     fmt::format("\"{}\" is no share of the worlds, such as 5%", text)};
    }
    if (all.size() < 2) {
        return Error{Status::invalid,
                     fmt::format("{} world has {}: a share of that cannot be taken",
                                 all.empty() ? "no" : "only one", whose)};
    }
    const auto wanted =
        static_cast<std::size_t>(std::ceil(static_cast<double>(all.size()) * percent / 100));
    const std::size_t count = std::clamp<std::size_t>(wanted, 1, all.size() - 1);
    std::vector<WorldId> chosen;
    for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count].id);
    return chosen;
}

}  // namespace

Result<std::vector<WorldId>> choose_worlds(std::string_view text,
                                           const std::vector<WorldPlace>& all,
                                           std::string_view whose) {
    std::vector<WorldId> chosen;
    if (text.empty()) return chosen;
    if (text.ends_with('%')) return by_share(text, all, whose);
    while (!text.empty()) {
        const std::string_view name = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), name.size() + 1));
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const WorldPlace& one) { return one.name == name; });
        if (found == all.end()) {
            std::string names;
            for (const WorldPlace& one : all) names += (names.empty() ? "" : ", ") + one.name;
            return Error{Status::not_found,
                         fmt::format("no world \"{}\" has {}; these have: {}", name, whose,
                                     names.empty() ? "none" : names)};
        }
        if (std::find(chosen.begin(), chosen.end(), found->id) == chosen.end())
            chosen.push_back(found->id);
    }
    return chosen;
}

}  // namespace gantry::plugin
