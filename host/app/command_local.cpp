// The commands about this program and a manifest: check, version.
#include <fmt/format.h>

#include <cstdio>

#include "gantry/abi.h"
#include "host/app/commands.h"
#include "host/manifest/load.h"

namespace gantry::app {

int check_manifest(const std::string& manifest) {
    const auto loaded = manifest::load_manifest(manifest);
    if (!loaded) {
        std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
        return 2;
    }
    const manifest::Manifest& m = loaded->manifest;
    fmt::print("{} is right: {} listeners, {} worlds, {} plugins\n", manifest, m.listeners.size(),
               m.worlds.size(), m.plugins.size());
    return 0;
}

int print_version() {
    fmt::print("gantry {} (plugin ABI {}.{}, {})\n", GANTRY_SDK_VERSION, GANTRY_ABI_MAJOR,
               GANTRY_ABI_MINOR, __VERSION__);
    return 0;
}

}  // namespace gantry::app
