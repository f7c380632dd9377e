// gantry abi: what replacing one library by another means, before anybody does it.
#include <fmt/format.h>

#include <cstdio>

#include "host/app/abi_compare.h"
#include "host/app/commands.h"
#include "host/app/try_library.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/gate.h"

namespace gantry::app {
namespace {

Result<plugin::ElfImage> image_of(const std::string& file) {
    const auto bytes = platform::read_library(file);
    if (!bytes) return bytes.error();
    return plugin::read_elf_image(*bytes, file);
}

struct Side {
    plugin::Candidate candidate;
    Surface surface;
};

/// Through the gate, and run once in a throw-away process: what it registers it only says when
/// started.
Result<Side> side_of(const std::string& file, const std::string& config,
                     const plugin::GateRules& rules) {
    auto candidate = plugin::inspect(file, rules);
    if (!candidate) return candidate.error();
    auto surface = surface_of(*candidate, config);
    if (!surface) return surface.error();
    return Side{std::move(*candidate), std::move(*surface)};
}

Result<AbiReport> compare(const std::string& old_file, const std::string& new_file,
                          const std::string& config, const plugin::GateRules& rules) {
    const auto before = image_of(old_file);
    if (!before) return before.error();
    const auto after = image_of(new_file);
    if (!after) return after.error();
    if (std::string_view{before->desc.name} != after->desc.name) {
        return Error{
            Status::invalid,
            fmt::format("{} is the plugin {} and {} is {}; name two versions of one plugin",
                        old_file, before->desc.name, new_file, after->desc.name)};
    }
    AbiReport report;
    compare_descriptors(before->desc, after->desc, report);
    // Of another ABI this program can neither run them nor say more.
    if (before->desc.abi_major != after->desc.abi_major || after->desc.abi_minor > GANTRY_ABI_MINOR)
        return report;
    const auto old_side = side_of(old_file, config, rules);
    if (!old_side) return old_side.error();
    const auto new_side = side_of(new_file, config, rules);
    if (!new_side) return new_side.error();
    compare_components(old_side->surface.components, new_side->surface.components, report);
    compare_interfaces({old_file, old_file, old_side->surface.interfaces},
                       {new_file, new_file, new_side->surface.interfaces}, report);
    compare_routes(old_side->surface.routes, new_side->surface.routes, report);
    compare_messages(plugin::read_messages(old_side->candidate.image.messages),
                     plugin::read_messages(new_side->candidate.image.messages), report);
    return report;
}

}  // namespace

int compare_plugins(const std::string& old_file, const std::string& new_file,
                    const std::string& config, const std::vector<std::string>& allow) {
    plugin::GateRules rules;
    rules.allow_libraries = allow;
    const auto report = compare(old_file, new_file, config, rules);
    if (!report) {
        std::fprintf(stderr, "%s\n", report.error().message.c_str());
        return exit_code(AbiVerdict::cannot_tell);
    }
    for (const std::string& finding : report->findings) fmt::print("{}\n", finding);
    if (!report->advice.empty()) fmt::print("{}\n", report->advice);
    for (const std::string& stub : report->stubs) fmt::print("\n{}\n", stub);
    fmt::print("{}\n", verdict_name(report->verdict));
    return exit_code(report->verdict);
}

}  // namespace gantry::app
