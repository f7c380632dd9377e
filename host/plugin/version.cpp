#include "host/plugin/version.h"

#include <charconv>

namespace gantry::plugin {

std::optional<Version> Version::parse(std::string_view text) {
    Version version;
    if (const auto dash = text.find('-'); dash != std::string_view::npos) {
        version.suffix = text.substr(dash + 1);
        if (version.suffix.empty()) return std::nullopt;
        text = text.substr(0, dash);
    }
    std::uint32_t* const parts[] = {&version.major, &version.minor, &version.patch};
    for (int i = 0; i < 3; ++i) {
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), *parts[i]);
        if (error != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (i < 2) {
            if (text.empty() || text.front() != '.') return std::nullopt;
            text.remove_prefix(1);
        }
    }
    if (!text.empty()) return std::nullopt;
    return version;
}

std::string Version::text() const {
    std::string text =
        std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
    if (!suffix.empty()) text += '-' + suffix;
    return text;
}

}  // namespace gantry::plugin
