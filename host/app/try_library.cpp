#include "host/app/try_library.h"

#include "host/app/canary_process.h"
#include "host/platform/child_process.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/library.h"

namespace gantry::app {
namespace {

Result<plugin::CanaryVerdict> try_in(const std::filesystem::path& folder,
                                     const plugin::Candidate& candidate, const std::string& config,
                                     const std::filesystem::path& surface) {
    auto staged = plugin::StagedLibrary::write(candidate, 1, folder);
    if (!staged) return staged.error();
    plugin::CanaryOrder order;
    order.label = (*staged)->label();
    order.file = candidate.file;
    order.candidate = (*staged)->copy();
    order.config = config;
    order.surface = surface;
    ProcessCanary canary{platform::own_program()};
    auto run = canary.begin(order);
    if (!run) return run.error();
    auto verdict = (*run)->poll();
    for (; !verdict; verdict = (*run)->poll()) (*run)->wait(ns_per_s);
    if (!verdict->passed()) return Error{Status::refused, verdict->reason};
    return std::move(*verdict);
}

}  // namespace

Result<plugin::CanaryVerdict> try_library(const plugin::Candidate& candidate,
                                          const std::string& config) {
    const auto folder = platform::make_private_folder();
    if (!folder) return folder.error();
    auto verdict = try_in(*folder, candidate, config, {});
    platform::remove_folder(*folder);
    return verdict;
}

Result<Surface> surface_of(const plugin::Candidate& candidate, const std::string& config) {
    const auto folder = platform::make_private_folder();
    if (!folder) return folder.error();
    const auto file = *folder / "surface";
    const auto verdict = try_in(*folder, candidate, config, file);
    const auto bytes = verdict ? platform::read_library(file) : verdict.error();
    platform::remove_folder(*folder);
    if (!bytes) return bytes.error();
    return decode_surface(*bytes);
}

}  // namespace gantry::app
