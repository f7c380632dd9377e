// PluginManager: what a candidate goes through before any room hears of it: the gate, a private
// copy, the canary, opening.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/world/transfer.h"

namespace gantry::plugin {

Result<std::unique_ptr<StagedLibrary>> PluginManager::stage(const std::filesystem::path& file) {
    auto candidate = inspect(file, rules_);
    if (!candidate) return candidate.error();
    if (private_folder_.empty()) {
        auto made = platform::make_private_folder();
        if (!made) return made.error();
        private_folder_ = *made;
    }
    return StagedLibrary::write(*candidate, ++generations_[candidate->name], private_folder_);
}

Result<std::shared_ptr<Library>> PluginManager::open(std::unique_ptr<StagedLibrary> staged) {
    auto library = Library::open(std::move(staged));
    if (library) ++counters_.libraries_opened;
    return library;
}

// An optional plugin must not keep the host from starting, so it is tried first. A required one
// ends the start either way: that time is saved, for a host that died must be back soon.
Result<std::shared_ptr<Library>> PluginManager::open_now(const std::filesystem::path& file,
                                                         const PluginConfig& config) {
    auto staged = stage(file);
    if (!staged) return staged.error();
    if (canary_ != nullptr && config.canary && !config.required) {
        auto run = canary_->begin(canary_order(**staged, config));
        if (!run) return run.error();
        auto verdict = (*run)->poll();
        for (; !verdict; verdict = (*run)->poll()) (*run)->wait(config.canary_ms * ns_per_ms);
        if (!verdict->passed) return Error{Status::refused, verdict->reason};
    }
    return open(std::move(*staged));
}

Result<Done> PluginManager::check_dependencies(const PluginDesc& desc,
                                               const std::string& label) const {
    for (std::uint32_t i = 0; i < std::min(desc.dependency_count, dependencies_max); ++i) {
        const Dependency& needs = desc.dependencies[i];
        const auto found = loaded_.find(std::string_view{needs.name});
        if (found == loaded_.end()) {
            if (needs.optional != 0) continue;
            return Error{Status::unavailable,
                         fmt::format("{} needs the plugin {} {} or later, which is "
                                     "not loaded",
                                     label, needs.name, needs.version_min)};
        }
        const auto have = Version::parse(found->second.library->version());
        const auto wanted = Version::parse(needs.version_min);
        if (wanted && wanted->major == 0 && wanted->minor == 0 && wanted->patch == 0) continue;
        if (!have || !wanted || !have->satisfies(*wanted)) {
            return Error{
                Status::unavailable,
                fmt::format("{} needs {} {} or later of that major version; {} is loaded", label,
                            needs.name, needs.version_min, found->second.library->label())};
        }
    }
    return Done{};
}

void PluginManager::begin_job(Request request) {
    job_ = std::make_unique<Job>();
    job_->request = std::move(request);
    job_->began = clock_.now();
    job_->config = config_of(job_->request.plugin);

    const auto current = loaded_.find(job_->request.plugin);
    if (job_->request.promotes) return begin_promotion();
    if (current != loaded_.end() && current->second.state == PluginState::trial) {
        return fail_job(
            SwapOutcome::refused,
            fmt::format("{} runs in {} worlds beside {}: promote or abort it first",
                        current->second.trial->library->label(),
                        current->second.trial->worlds.size(), current->second.library->label()));
    }
    if (current != loaded_.end() && current->second.state == PluginState::probation &&
        job_->request.settle) {
        log::info("swap: the probation of {} ends by request", current->second.library->label());
        settle(current->second);
    }
    if (current != loaded_.end() && current->second.state == PluginState::probation) {
        const TimeNs left = current->second.probation_ends - now_;
        return fail_job(
            SwapOutcome::refused,
            fmt::format("{} is in its probation for another {} ms; --settle ends it",
                        current->second.library->label(), std::max<TimeNs>(left, 0) / ns_per_ms));
    }
    if (job_->request.linked != nullptr) {
        job_->library =
            Library::linked(*job_->request.linked, ++generations_[job_->request.plugin]);
    } else {
        auto staged = stage(job_->request.file);
        if (!staged) return fail_job(SwapOutcome::refused, staged.error().message);
        job_->staged = std::move(*staged);
        step(job_->request.ticket, "gate", clock_.now() - job_->began);
    }
    const std::string label = job_->staged ? job_->staged->label() : job_->library->label();
    if (SwapReport* const one = report(job_->request.ticket)) {
        one->to = label;
        if (current != loaded_.end()) one->from = current->second.library->label();
    }
    const auto ok = job_->staged
                        ? check_candidate(job_->staged->desc(), job_->staged->name(), label)
                        : check_candidate(job_->library->desc(), job_->library->name(), label);
    if (!ok) return fail_job(SwapOutcome::refused, ok.error().message);
    if (!job_->staged || canary_ == nullptr || !job_->config.canary) return load_beside();
    ask_states();
}

Result<Done> PluginManager::check_candidate(const PluginDesc& desc, const std::string& name,
                                            const std::string& label) const {
    if (name != job_->request.plugin) {
        return Error{Status::invalid,
                     fmt::format("{} is the plugin {}, not {}", job_->request.file.string(), name,
                                 job_->request.plugin)};
    }
    if (auto ok = check_dependencies(desc, label); !ok) return ok;
    const auto current = loaded_.find(name);
    if (current != loaded_.end() && current->second.library->desc().facets != desc.facets) {
        return Error{Status::refused,
                     fmt::format("{} has other facets than {}: that needs a restart", label,
                                 current->second.library->label())};
    }
    return Done{};
}

// The canary restores what the incumbent would hand over now, asked at a safe point of one room of
// each kind.
void PluginManager::ask_states() {
    const std::string plugin = job_->request.plugin;
    const auto current = loaded_.find(plugin);
    job_->states_asked = clock_.now();
    job_->waiting = 0;
    if (current == loaded_.end()) return begin_canary();
    const std::uint64_t ticket = job_->request.ticket;
    const auto tell = [this, ticket](Facet facet) {
        return [this, ticket, facet](std::shared_ptr<route::StateStore> state) {
            rooms_.control([this, ticket, facet, state = std::move(state)]() mutable {
                if (job_ && job_->request.ticket == ticket) state_told(facet, std::move(state));
            });
        };
    };
    const std::uint32_t facets = current->second.library->desc().facets;
    const auto place = std::find_if(rooms_.worlds.begin(), rooms_.worlds.end(),
                                    [&](const auto& one) { return lists(one, plugin); });
    const bool in_world = (facets & facet_bits::world) != 0 && place != rooms_.worlds.end();
    const bool in_shard = (facets & facet_bits::io) != 0;
    const bool in_service = (facets & facet_bits::service) != 0;
    job_->waiting = std::uint32_t{in_world} + std::uint32_t{in_shard} + std::uint32_t{in_service};
    if (job_->waiting == 0) return begin_canary();
    if (in_world) {
        world::Worker* const worker = rooms_.workers[place->worker];
        worker->port(place->id)([worker, id = place->id, plugin, told = tell(Facet::world)] {
            told(world::state_of(*worker->find(id), plugin));
        });
    }
    if (in_shard) {
        session::IoRoom* const shard = rooms_.shards.front();
        shard->inbox().post(
            [shard, plugin, told = tell(Facet::io)] { told(shard->state_of(plugin)); });
        shard->wake();
    }
    if (in_service) {
        rooms_.service->inbox().post([this, plugin, told = tell(Facet::service)] {
            told(rooms_.service->state_of(plugin));
        });
        rooms_.service->wake();
    }
}

void PluginManager::state_told(Facet facet, std::shared_ptr<route::StateStore> state) {
    if (state) job_->states.push_back({facet, std::move(state)});
    if (--job_->waiting != 0) return;
    step(job_->request.ticket, "snapshot", clock_.now() - job_->states_asked);
    begin_canary();
}

CanaryOrder PluginManager::canary_order(const StagedLibrary& staged,
                                        const PluginConfig& config) const {
    CanaryOrder order;
    order.label = staged.label();
    order.file = staged.file();
    order.candidate = staged.copy();
    order.config = config.config;
    order.limit_ms = config.canary_ms;
    if (const auto current = loaded_.find(staged.name()); current != loaded_.end()) {
        order.incumbent = current->second.library->copy();
        order.incumbent_label = current->second.library->label();
    }
    return order;
}

void PluginManager::begin_canary() {
    CanaryOrder order = canary_order(*job_->staged, job_->config);
    order.states = std::move(job_->states);
    job_->canary_began = clock_.now();
    auto run = canary_->begin(order);
    if (!run) {
        return fail_job(SwapOutcome::refused,
                        fmt::format("the canary process of {} cannot run: {}; mend that, or set "
                                    "\"canary\": false for this plugin",
                                    order.label, run.error().message));
    }
    job_->canary = std::move(*run);
}

void PluginManager::poll_canary() {
    if (!job_ || !job_->canary) return;
    const auto verdict = job_->canary->poll();
    if (!verdict) return;
    job_->canary.reset();
    step(job_->request.ticket, "canary", clock_.now() - job_->canary_began);
    if (!verdict->passed) return fail_job(SwapOutcome::refused, verdict->reason);
    load_beside();
}

void PluginManager::load_beside() {
    const TimeNs begin = clock_.now();
    if (job_->staged) {
        auto opened = open(std::move(job_->staged));
        if (!opened) return fail_job(SwapOutcome::refused, opened.error().message);
        job_->library = std::move(*opened);
    }
    step(job_->request.ticket, "load", clock_.now() - begin);
    if (const auto current = loaded_.find(job_->request.plugin); current != loaded_.end()) {
        job_->was_parked = current->second.state == PluginState::failed;
        current->second.state = PluginState::swapping;
        publish_snapshot();
    }
    swap_worlds();
}

}  // namespace gantry::plugin
