// PluginConfig: what the manifest says of one plugin, and of the drop folder.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "host/plugin/probation.h"

namespace gantry::plugin {

struct PluginConfig {
    std::string name;
    std::filesystem::path file;  ///< empty: the newest of that name in the drop folder
    bool required = false;
    std::string config = "{}";
    std::uint32_t drain_ms = 2000;
    std::uint32_t hold_ms = 500;
    bool cancel_at_deadline = false;
    std::uint32_t probation_ms = 5000;
    ProbationLimits probation;
    bool contain = true;  ///< a fault in its code parks it; false: it ends the process
    bool canary = true;   ///< candidates run in a process of their own first
    std::uint32_t canary_ms = 2000;
};

enum class OnDrop : std::uint8_t { load, stage, ignore };

struct DropConfig {
    std::filesystem::path folder = "plugins";
    OnDrop on_drop = OnDrop::load;
    std::uint32_t unload_after_ms = 2000;
};

}  // namespace gantry::plugin
