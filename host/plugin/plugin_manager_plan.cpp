// PluginManager: what is looked at before a swap begins: do all the versions fit together?
#include <fmt/format.h>

#include <algorithm>

#include "host/plugin/plan_command.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/version_diff.h"

namespace gantry::plugin {
namespace {

std::span<const Dependency> dependencies(const PluginDesc& desc) {
    return {desc.dependencies, std::min(desc.dependency_count, dependencies_max)};
}

bool depends_on(const PluginDesc& desc, std::string_view plugin) {
    const auto all = dependencies(desc);
    return std::any_of(all.begin(), all.end(),
                       [&](const Dependency& one) { return plugin == one.name; });
}

std::string both_at_once(const DropFolder& drop, const NextVersion& next,
                         const std::string& version, const Loaded& other) {
    return fmt::format("; swap both at once: {}",
                       plan_command(drop, next.plugin, version, next.file, other.config.name,
                                    other.library->version()));
}

}  // namespace

Serving PluginManager::serving(std::string_view plugin) const {
    if (job_) {
        if (const JobPart* const part = job_->find(plugin); part != nullptr) {
            return {part->label(), part->version()};
        }
    }
    const auto found = loaded_.find(plugin);
    if (found == loaded_.end()) return {};
    return {found->second.library->label(), found->second.library->version()};
}

Result<Done> PluginManager::check_dependencies(const PluginDesc& desc,
                                               const std::string& label) const {
    for (const Dependency& needs : dependencies(desc)) {
        const Serving found = serving(needs.name);
        if (found.label.empty()) {
            if (needs.optional != 0) continue;
            return Error{Status::unavailable,
                         fmt::format("{} needs the plugin {} {} or later, which is "
                                     "not loaded",
                                     label, needs.name, needs.version_min)};
        }
        const auto have = Version::parse(found.version);
        const auto wanted = Version::parse(needs.version_min);
        if (wanted && wanted->major == 0 && wanted->minor == 0 && wanted->patch == 0) continue;
        if (!have || !wanted || !have->satisfies(*wanted)) {
            return Error{Status::unavailable,
                         fmt::format("{} needs {} {} or later of that major version, not {}", label,
                                     needs.name, needs.version_min, found.label)};
        }
    }
    return Done{};
}

// Looked at as a whole: the versions that come, and those that stay.
Result<Done> PluginManager::check_plan() {
    for (const JobPart& part : job_->parts) {
        PluginDesc one = part.desc();
        for (const Dependency& needs : dependencies(part.desc())) {
            one.dependencies[0] = needs;
            one.dependency_count = 1;
            const auto ok = check_dependencies(one, part.label());
            if (ok) continue;
            // A plugin that comes along fits or does not: only another could come, too.
            std::string hint;
            if (job_->find(needs.name) == nullptr && loaded_.contains(needs.name)) {
                hint = both_at_once(drop_, part.next, part.version(), loaded_.at(needs.name));
            } else if (!loaded_.contains(needs.name) && drop_.newest(needs.name) != nullptr) {
                hint = fmt::format("; bring it along: {}",
                                   plan_command(drop_, part.plugin(), part.version(),
                                                part.next.file, needs.name, {}));
            }
            return Error{ok.error().status, ok.error().message + hint};
        }
        const auto current = loaded_.find(part.plugin());
        if (current == loaded_.end()) continue;
        if (current->second.library->desc().facets != part.desc().facets) {
            return Error{
                Status::refused,
                fmt::format(
                    "{} has other facets than {}; keep them, or start the host anew with it",
                    part.label(), current->second.library->label())};
        }
    }
    if (auto ok = check_dependents(); !ok) return ok;
    job_->put_in_order();
    return Done{};
}

// Those that stay, and those that are tried in some worlds: they may stay, too.
Result<Done> PluginManager::check_dependents() const {
    for (const auto& [name, loaded] : loaded_) {
        if (job_->find(name) != nullptr) continue;
        for (const Library* const one : versions_of(loaded)) {
            for (const JobPart& part : job_->parts) {
                if (!depends_on(one->desc(), part.plugin())) continue;
                const auto ok = check_dependencies(one->desc(), one->label());
                if (ok) continue;
                const std::string hint =
                    one == loaded.library.get()
                        ? both_at_once(drop_, part.next, part.version(), loaded)
                    : one == loaded.previous.get()
                        ? "; it may come back while " + loaded.library->label() +
                              " is in its probation: swap again once that has ended"
                        : "; promote or abort that first";
                return Error{ok.error().status, ok.error().message + hint};
            }
        }
    }
    return Done{};
}

std::vector<std::string> PluginManager::Job::diff(
    const std::map<std::string, Loaded, std::less<>>& loaded) const {
    std::vector<std::string> lines;
    for (const JobPart& part : parts) {
        const auto current = loaded.find(part.plugin());
        append_new(lines,
                   version_diff(current != loaded.end() ? current->second.library.get() : nullptr,
                                *part.library));
    }
    append_new(lines, routes);
    append_new(lines, changes);
    return lines;
}

// Providers first: who depends on one finds it restored. What joins comes after those whose place
// it may take in part: they have to let go of that first.
void PluginManager::Job::put_in_order() {
    std::vector<JobPart> ordered;
    std::vector<JobPart>& left = parts;
    while (!left.empty()) {
        const auto free = [&](const JobPart& part) {
            return std::none_of(left.begin(), left.end(), [&](const JobPart& other) {
                return &other != &part && depends_on(part.desc(), other.plugin());
            });
        };
        auto next = std::find_if(left.begin(), left.end(),
                                 [&](const JobPart& part) { return !part.joins && free(part); });
        if (next == left.end()) next = std::find_if(left.begin(), left.end(), free);
        if (next == left.end()) next = left.begin();  // in a circle any order is as good
        ordered.push_back(std::move(*next));
        left.erase(next);
    }
    left = std::move(ordered);
}

}  // namespace gantry::plugin
