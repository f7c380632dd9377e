// ProcessState: what all code of a process shares, so that a plugin must leave it as it was.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gantry::platform {

/// Of the calling thread where each has its own: how it calculates, and which signals it blocks.
struct ProcessState {
    static constexpr int signals = 64;
    struct Handling {
        const void* handler = nullptr;
        int flags = 0;
        bool operator==(const Handling&) const = default;
    };

    std::string locale;
    std::string folder;  ///< the working one
    std::uint32_t umask = 0;
    std::uint64_t arithmetic = 0;          ///< rounding, tiny numbers, traps
    std::vector<std::string> environment;  ///< "NAME=value", each
    std::array<Handling, signals + 1> handling;
    std::uint64_t blocked = 0;               ///< bit n - 1: signal n
    std::map<int, std::string> descriptors;  ///< to what they lead
    bool has_children = false;

    /// Not while other threads make files: the umask is read by setting it.
    static ProcessState now();
};

/// "it set the locale of the whole process to …", and how to mend it; empty: nothing has changed.
std::string what_changed(const ProcessState& before, const ProcessState& after);

}  // namespace gantry::platform
