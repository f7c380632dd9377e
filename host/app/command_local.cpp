// The commands about this program and a manifest: check, version.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "gantry/abi.h"
#include "host/app/commands.h"
#include "host/app/plugin_plan.h"
#include "host/app/try_library.h"
#include "host/manifest/load.h"

namespace gantry::app {

namespace {

/// The gate and the canary for each library that is there; false when one is refused. What is not
/// there may be put there later.
bool check_libraries(const manifest::Manifest& m) {
    bool right = true;
    const plugin::GateRules rules = gate_rules(m);
    for (const manifest::Plugin& one : m.plugins) {
        std::filesystem::path file = one.file;
        if (file.empty()) file = std::filesystem::path{m.drop.folder} / (one.name + ".so");
        std::error_code ignored;
        if (!std::filesystem::exists(file, ignored)) {
            fmt::print("{}{}: {} is not there yet\n", one.name,
                       one.required ? ", which is required to start" : "", file.string());
            continue;
        }
        const auto candidate = plugin::inspect(file, rules);
        Result<Done> passed = candidate ? Result<Done>{Done{}} : candidate.error();
        if (passed && one.canary) {
            if (auto tried = try_library(*candidate, one.config); !tried) passed = tried.error();
        }
        if (passed) {
            fmt::print("{} {} from {} is right\n", one.name, candidate->version_text,
                       file.string());
        } else {
            std::fprintf(stderr, "%s\n", passed.error().message.c_str());
        }
        right = right && passed;
    }
    return right;
}

}  // namespace

int check_manifest(const std::string& manifest) {
    const auto loaded = manifest::load_manifest(manifest);
    if (!loaded) {
        std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
        return 2;
    }
    const manifest::Manifest& m = loaded->manifest;
    fmt::print("{} is right: {} listeners, {} worlds, {} plugins\n", manifest, m.listeners.size(),
               m.worlds.size(), m.plugins.size());
    return check_libraries(m) ? 0 : 2;
}

int print_version() {
    fmt::print("gantry {} (plugin ABI {}.{}, {})\n", GANTRY_SDK_VERSION, GANTRY_ABI_MAJOR,
               GANTRY_ABI_MINOR, __VERSION__);
    return 0;
}

}  // namespace gantry::app
