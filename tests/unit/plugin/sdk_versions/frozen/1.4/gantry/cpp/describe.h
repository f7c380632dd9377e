// gantry/cpp/describe.h: GANTRY_PLUGIN(...), the descriptor that a library exports.
#pragma once
#include <new>
#include <string_view>

#include "gantry/plugin.h"

namespace gantry {

/// What GANTRY_PLUGIN takes, by name:
///     GANTRY_PLUGIN(.name = "echo", .version = "1.0.0", .world = gantry::create<Echo>);
struct PluginInfo {
    std::string_view name;
    std::string_view version;
    CreateFunction world = nullptr;    ///< one instance per world that lists the plugin
    CreateFunction io = nullptr;       ///< one instance per shard
    CreateFunction service = nullptr;  ///< one instance
    struct Needs {
        std::string_view name;
        std::string_view version_min = "0.0.0";
        bool optional = false;
    };
    Needs needs[dependencies_max] = {};
};

/// Makes a T; the host frees it through destroy().
template <class T>
Plugin* create() noexcept {
    try {
        return new (std::nothrow) T;
    } catch (...) {
        return nullptr;
    }
}

namespace detail {

template <std::size_t N>
constexpr void copy_text(char (&to)[N], std::string_view from) {
    if (from.size() >= N) throw "too long for the plugin descriptor";  // a compile error
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
}

#define GANTRY_STRING_(x) #x
#define GANTRY_STRING(x) GANTRY_STRING_(x)
#if defined(__clang__)
#define GANTRY_COMPILER "clang " GANTRY_STRING(__clang_major__)
#elif defined(__GNUC__)
#define GANTRY_COMPILER "g++ " GANTRY_STRING(__GNUC__)
#else
#define GANTRY_COMPILER "unknown"
#endif

consteval PluginDesc describe(const PluginInfo& info) {
    PluginDesc desc{};
    desc.magic = plugin_desc_magic;
    desc.size = sizeof(PluginDesc);
    desc.abi_major = GANTRY_ABI_MAJOR;
    desc.abi_minor = GANTRY_ABI_MINOR;
    copy_text(desc.name, info.name);
    copy_text(desc.version, info.version);
    copy_text(desc.sdk_version, GANTRY_SDK_VERSION);
    copy_text(desc.toolchain, GANTRY_COMPILER);
    for (const auto& need : info.needs) {
        if (need.name.empty()) continue;
        Dependency& dependency = desc.dependencies[desc.dependency_count++];
        copy_text(dependency.name, need.name);
        copy_text(dependency.version_min, need.version_min);
        dependency.optional = need.optional ? 1 : 0;
    }
    if (info.world != nullptr) desc.facets |= facet_bits::world;
    if (info.io != nullptr) desc.facets |= facet_bits::io;
    if (info.service != nullptr) desc.facets |= facet_bits::service;
    desc.create_world = info.world;
    desc.create_io = info.io;
    desc.create_service = info.service;
    return desc;
}

}  // namespace detail
}  // namespace gantry

/// Exports the descriptor. Once per library, at namespace scope.
#define GANTRY_PLUGIN(...)                                   \
    GANTRY_EXPORT __attribute__((section(".gantry_plugin"))) \
    const ::gantry::PluginDesc gantry_plugin;                \
    constinit const ::gantry::PluginDesc gantry_plugin =     \
        ::gantry::detail::describe(::gantry::PluginInfo{__VA_ARGS__})
