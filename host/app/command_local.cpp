// The commands that need no running host: check, plugin info, version.
#include <fmt/format.h>

#include <cstdio>

#include "gantry/abi.h"
#include "host/app/commands.h"
#include "host/manifest/load.h"
#include "host/plugin/gate.h"

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

int plugin_info(const std::string& file) {
    const auto candidate = plugin::inspect(file);
    if (!candidate) {
        std::fprintf(stderr, "%s\n", candidate.error().message.c_str());
        return 2;
    }
    const PluginDesc& desc = candidate->image.desc;
    std::string facets;
    for (const std::string& name : plugin::facet_names(desc.facets)) {
        facets += (facets.empty() ? "" : ", ") + name;
    }
    fmt::print(
        "name       {}\nversion    {}\nfacets     {}\nabi        {}.{}\nsdk        {}\n"
        "compiler   {}\nbuild id   {}\ncontent    {:016x}\n",
        candidate->name, candidate->version_text, facets, desc.abi_major, desc.abi_minor,
        desc.sdk_version, desc.toolchain, candidate->image.build_id, candidate->content_hash);
    for (std::uint32_t i = 0; i < desc.dependency_count; ++i) {
        const Dependency& needs = desc.dependencies[i];
        fmt::print("needs      {} {} or later{}\n", needs.name, needs.version_min,
                   needs.optional != 0 ? " (optional)" : "");
    }
    return 0;
}

int print_version() {
    fmt::print("gantry {} (plugin ABI {}.{}, {})\n", GANTRY_SDK_VERSION, GANTRY_ABI_MAJOR,
               GANTRY_ABI_MINOR, __VERSION__);
    return 0;
}

}  // namespace gantry::app
