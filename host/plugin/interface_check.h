// Whether two libraries mean the same by an interface that they share under one name.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/platform/debug_types.h"
#include "host/route/interface_uses.h"

namespace gantry::plugin {

/// One thing that they see differently: "slot 2 of Score", "void add(int)", "void add(long)".
struct InterfaceDifference {
    std::string what;
    std::string in_one;
    std::string in_other;
};

/// A library, and what it has declared.
struct InterfaceSide {
    std::string label;           ///< "rules@2.0.0#3", or a file
    std::filesystem::path file;  ///< where its debug information is
    std::vector<route::InterfaceUse> uses;
};

/// An interface that both sides know under one name.
struct SharedInterface {
    std::string service;
    std::string type;  ///< as the first side calls it
    /// At most `differences_max`. The error: it cannot be told, and why.
    Result<std::vector<InterfaceDifference>> differences;

    /// "Score (shared.score/1)"
    std::string title() const;
};
inline constexpr std::size_t differences_max = 8;

/// What one offers and the other asks for, of two plugins that are to run side by side.
std::vector<SharedInterface> check_neighbours(const InterfaceSide& one, const InterfaceSide& other);
/// What a plugin that was built for `before` would find in `after`, of two versions of a plugin.
std::vector<SharedInterface> check_versions(const InterfaceSide& before,
                                            const InterfaceSide& after);

/// What of the interface differs, where `provider` may have more functions than `user` knows. Both
/// describe the type. [any thread]
std::vector<InterfaceDifference> compare_interface(const platform::DebugTypes& provider,
                                                   const std::string& provider_type,
                                                   const platform::DebugTypes& user,
                                                   const std::string& user_type);

}  // namespace gantry::plugin
