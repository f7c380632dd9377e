// The commands about this program and a manifest: check, version.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>

#include "gantry/abi.h"
#include "host/app/commands.h"
#include "host/app/plugin_plan.h"
#include "host/app/try_library.h"
#include "host/manifest/load.h"
#include "host/plugin/interface_check.h"
#include "host/plugin/version.h"

namespace gantry::app {
namespace {

/// A plugin of the manifest, and what its library says when it is there.
struct Checked {
    const manifest::Plugin* plugin = nullptr;
    bool there = false;
    bool refused = false;
    PluginDesc desc{};
    plugin::InterfaceSide side;
};

bool complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return false;
}

/// The gate and the canary for a library that is there.
Checked check_library(const manifest::Manifest& m, const manifest::Plugin& one) {
    Checked checked;
    checked.plugin = &one;
    std::filesystem::path file = one.file;
    if (file.empty()) file = std::filesystem::path{m.drop.folder} / (one.name + ".so");
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        if (one.required) {
            complain(fmt::format("{}: {} is not there: it is required, so the host would not start",
                                 one.name, file.string()));
        } else {
            fmt::print("{}: {} is not there: it would be left out until it comes\n", one.name,
                       file.string());
        }
        return checked;
    }
    checked.there = true;
    const auto candidate = plugin::inspect(file, gate_rules(m));
    auto surface = candidate ? Result<Surface>{Surface{}} : candidate.error();
    if (candidate && one.canary) surface = surface_of(*candidate, one.config);
    checked.refused = !surface;
    if (!surface) {
        complain(surface.error().message);
        return checked;
    }
    checked.desc = candidate->image.desc;
    checked.side = {fmt::format("{} {}", one.name, candidate->version_text), file,
                    std::move(surface->interfaces)};
    fmt::print("{} from {} is right\n", checked.side.label, file.string());
    return checked;
}

/// The first thing that `one` needs and the others are not; empty: it has all. One whose library is
/// not there yet may be anything.
std::string lacks(const Checked& one, const std::vector<Checked>& all) {
    const std::uint32_t count = std::min(one.desc.dependency_count, dependencies_max);
    for (const Dependency& needs : std::span{one.desc.dependencies, count}) {
        if (needs.optional != 0) continue;
        const std::string wanted = fmt::format("{} {} or later", needs.name, needs.version_min);
        const auto found = std::find_if(all.begin(), all.end(), [&](const Checked& other) {
            return other.plugin->name == needs.name;
        });
        if (found == all.end()) return wanted + ", which the manifest does not name";
        if (found->refused) return wanted + ", which cannot be loaded";
        if (!found->there) continue;
        const auto have = plugin::Version::parse(found->desc.version);
        const auto least = plugin::Version::parse(needs.version_min);
        const bool any = least && least->major == 0 && least->minor == 0 && least->patch == 0;
        if (!any && !(have && least && have->satisfies(*least))) {
            return fmt::format("{} of that major version, and {} would be loaded", wanted,
                               found->side.label);
        }
    }
    return {};
}

/// What a start would find: who lacks something is left out, and who needs that one lacks it, too.
bool check_needs(std::vector<Checked>& all) {
    bool right = true;
    for (bool again = true; std::exchange(again, false);) {
        for (Checked& one : all) {
            if (!one.there || one.refused) continue;
            const std::string what = lacks(one, all);
            if (what.empty()) continue;
            again = one.refused = true;
            const bool fatal = one.plugin->required;
            const std::string sentence = fmt::format(
                "{} needs {}: {}", one.side.label, what,
                fatal ? "it is required, so the host would not start" : "it would be left out");
            if (fatal) {
                right = complain(sentence);
            } else {
                fmt::print("{}\n", sentence);
            }
        }
    }
    return right;
}

bool check_interfaces(const std::vector<Checked>& all) {
    bool right = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t k = i + 1; k < all.size(); ++k) {
            for (const auto& shared : plugin::check_neighbours(all[i].side, all[k].side)) {
                if (!shared.differences || shared.differences->empty()) continue;
                const plugin::InterfaceDifference& first = shared.differences->front();
                right = complain(fmt::format(
                    "{} and {} do not mean the same by the interface {}: {} is {}, and {} there; "
                    "build both with the same headers",
                    all[i].side.label, all[k].side.label, shared.title(), first.what, first.in_one,
                    first.in_other));
            }
        }
    }
    return right;
}

bool check_libraries(const manifest::Manifest& m) {
    std::vector<Checked> all;
    for (const manifest::Plugin& one : m.plugins) all.push_back(check_library(m, one));
    bool right = std::none_of(all.begin(), all.end(), [](const Checked& one) {
        return one.refused || (!one.there && one.plugin->required);
    });
    right = check_needs(all) && right;
    return check_interfaces(all) && right;
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
