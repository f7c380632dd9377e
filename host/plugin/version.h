// Version: semantic versions as plugins and manifests write them.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::plugin {

/// "1.4.2". A suffix such as "-rc1" orders before the plain version (semver.org, item 11,
/// shortened: suffixes compare as text).
struct Version {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t patch = 0;
    std::string suffix;

    static std::optional<Version> parse(std::string_view text);
    std::string text() const;
    friend bool operator==(const Version&, const Version&) = default;
    friend bool operator<(const Version& a, const Version& b) {
        if (a.major != b.major) return a.major < b.major;
        if (a.minor != b.minor) return a.minor < b.minor;
        if (a.patch != b.patch) return a.patch < b.patch;
        if (a.suffix.empty() != b.suffix.empty()) return !a.suffix.empty();
        return a.suffix < b.suffix;
    }
    /// Same major, and at least `wanted`.
    bool satisfies(const Version& wanted) const {
        return major == wanted.major && !(*this < wanted);
    }
};

}  // namespace gantry::plugin
