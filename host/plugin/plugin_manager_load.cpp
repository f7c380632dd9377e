// PluginManager: what a candidate goes through before any room hears of it: the gate, a private
// copy, the canary, opening.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plan_command.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/world/transfer.h"

namespace gantry::plugin {
namespace {

void count(ManagerCounters& counters, CanaryOutcome outcome) noexcept {
    ++counters.canaries[static_cast<std::size_t>(outcome)];
}

}  // namespace

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
        if (!run) {
            count(counters_, CanaryOutcome::unavailable);
            return run.error();
        }
        auto verdict = (*run)->poll();
        for (; !verdict; verdict = (*run)->poll()) (*run)->wait(config.canary_ms * ns_per_ms);
        count(counters_, verdict->outcome);
        if (!verdict->passed()) return Error{Status::refused, verdict->reason};
    }
    return open(std::move(*staged));
}

void PluginManager::begin_job(Request request) {
    job_ = std::make_unique<Job>();
    job_->request = std::move(request);
    job_->began = clock_.now();
    for (NextVersion& next : job_->request.plugins) {
        JobPart& part = job_->parts.emplace_back();
        part.config = config_of(next.plugin);
        part.joins = !loaded_.contains(next.plugin);
        if (!part.joins) part.replaces = loaded_.at(next.plugin).library->label();
        part.next = std::move(next);
    }
    if (job_->request.promotes) return begin_promotion();
    for (JobPart& part : job_->parts) {
        if (auto ok = check_incumbent(part.plugin()); !ok) {
            return fail_job(SwapOutcome::refused, ok.error().message);
        }
    }
    for (JobPart& part : job_->parts) {
        if (auto staged = stage(part); !staged) {
            return fail_job(SwapOutcome::refused, staged.error().message);
        }
    }
    step(job_->request.ticket, "gate", clock_.now() - job_->began);
    if (SwapReport* const one = report(job_->request.ticket)) {
        for (const JobPart& part : job_->parts) {
            append_name(one->to, part.label());
            const auto current = loaded_.find(part.plugin());
            if (current != loaded_.end()) append_name(one->from, current->second.library->label());
        }
    }
    if (auto ok = check_plan(); !ok) return fail_job(SwapOutcome::refused, ok.error().message);
    ask_states();
}

// One version at a time is on trial or in its probation.
Result<Done> PluginManager::check_incumbent(const std::string& plugin) {
    const bool some_worlds = !job_->request.worlds.empty();
    const auto current = loaded_.find(plugin);
    if (current == loaded_.end()) {
        if (some_worlds) {
            return Error{Status::not_found,
                         fmt::format("{} is not loaded, so nothing runs beside which it could be "
                                     "tried in some worlds: leave --worlds out",
                                     plugin)};
        }
        return Done{};
    }
    Loaded& loaded = current->second;
    if (some_worlds && loaded.library->desc().create_world == nullptr) {
        return Error{Status::refused,
                     fmt::format("{} has no part in worlds, so its next version cannot be tried in "
                                 "some of them: leave --worlds out",
                                 loaded.library->label())};
    }
    if (loaded.state == PluginState::trial) {
        return Error{Status::refused,
                     fmt::format("{} runs in {} beside {}: promote or abort it first",
                                 loaded.trial->library->label(),
                                 world_list(world_names(rooms_.worlds, loaded.trial->worlds)),
                                 loaded.library->label())};
    }
    if (loaded.state != PluginState::probation) return Done{};
    if (job_->request.settle) return Done{};  // when the candidate has shown what it is
    const TimeNs left = loaded.probation_ends - now_;
    return Error{Status::refused,
                 fmt::format("{} is in its probation for another {} ms; --settle ends it",
                             loaded.library->label(), std::max<TimeNs>(left, 0) / ns_per_ms)};
}

Result<Done> PluginManager::stage(JobPart& part) {
    if (part.next.linked != nullptr) {
        part.library = Library::linked(*part.next.linked, ++generations_[part.plugin()]);
    } else {
        auto staged = stage(part.next.file);
        if (!staged) return staged.error();
        part.staged = std::move(*staged);
    }
    if (part.name() == part.plugin()) return Done{};
    return Error{Status::invalid,
                 fmt::format("{} is the plugin {}, not {}; swap it by its own name",
                             part.next.file.string(), part.name(), part.plugin())};
}

// The canary restores what the incumbent would hand over now, asked at a safe point of one room of
// each kind.
void PluginManager::ask_states() {
    job_->states_asked = clock_.now();
    job_->waiting = 1;  // this loop itself
    for (const JobPart& part : job_->parts) {
        if (tries(part) && loaded_.contains(part.plugin())) ask_states(part.plugin());
    }
    if (--job_->waiting == 0) begin_canaries();
}

bool PluginManager::tries(const JobPart& part) const {
    return part.staged != nullptr && canary_ != nullptr && part.config.canary;
}

void PluginManager::ask_states(const std::string& plugin) {
    const std::uint64_t ticket = job_->request.ticket;
    const auto tell = [this, ticket, plugin](Facet facet) {
        ++job_->waiting;
        return [this, ticket, plugin, facet](std::shared_ptr<route::StateStore> state,
                                             std::vector<ecs::RowSample> rows = {}) {
            rooms_.control([this, ticket, plugin, facet, state = std::move(state),
                            rows = std::move(rows)]() mutable {
                if (!job_ || job_->request.ticket != ticket) return;
                if (state) job_->find(plugin)->states.push_back({facet, std::move(state)});
                if (facet == Facet::world) job_->find(plugin)->rows = std::move(rows);
                if (--job_->waiting != 0) return;
                step(ticket, "snapshot", clock_.now() - job_->states_asked);
                begin_canaries();
            });
        };
    };
    const Library& library = *loaded_.at(plugin).library;
    const std::uint32_t facets = library.desc().facets;
    const auto place = std::find_if(rooms_.worlds.begin(), rooms_.worlds.end(),
                                    [&](const auto& one) { return rooms_.lists(one, plugin); });
    if ((facets & facet_bits::world) != 0 && place != rooms_.worlds.end()) {
        world::Worker* const worker = rooms_.workers[place->worker];
        worker->port(place->id)(
            [worker, id = place->id, plugin, label = library.label(), told = tell(Facet::world)] {
                world::World& world = *worker->find(id);
                auto state = world::state_of(world, plugin);
                told(std::move(state), ecs::sample_rows(world.entities(), label));
            });
    }
    if ((facets & facet_bits::io) != 0) {
        session::IoRoom* const shard = rooms_.shards.front();
        shard->inbox().post(
            [shard, plugin, told = tell(Facet::io)] { told(shard->state_of(plugin)); });
        shard->wake();
    }
    if ((facets & facet_bits::service) != 0) {
        rooms_.service->inbox().post([this, plugin, told = tell(Facet::service)] {
            told(rooms_.service->state_of(plugin));
        });
        rooms_.service->wake();
    }
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
    for (const auto& [name, loaded] : loaded_) {
        if (name == staged.name() || loaded.library->copy().empty()) continue;
        Neighbour& next = order.neighbours.emplace_back();
        const Library& library = *loaded.library;
        next.side = {library.label(), library.copy(), library.interfaces()->list()};
        next.plan = plan_command(drop_, staged.name(), staged.version(), staged.file(), name,
                                 library.version());
        // Of one that comes in the same plan the new version counts.
        const JobPart* const part = job_ ? job_->find(name) : nullptr;
        if (part != nullptr && part->staged) {
            next.side.label = part->label();
            next.side.file = part->staged->copy();
        }
        if (next.side.uses.empty()) order.neighbours.pop_back();
    }
    return order;
}

void PluginManager::begin_canaries() {
    job_->canary_began = clock_.now();
    bool any = false;
    for (JobPart& part : job_->parts) {
        if (!tries(part)) continue;
        any = true;
        CanaryOrder order = canary_order(*part.staged, part.config);
        order.states = std::move(part.states);
        order.rows = std::move(part.rows);
        auto run = canary_->begin(order);
        if (!run) {
            count(counters_, CanaryOutcome::unavailable);
            return fail_job(SwapOutcome::refused,
                            fmt::format("the canary process of {} cannot run: {}; mend that, or "
                                        "set \"canary\": false for this plugin",
                                        order.label, run.error().message));
        }
        part.canary = std::move(*run);
    }
    if (!any) load_beside();
}

bool PluginManager::canaries_run() const noexcept {
    return job_ && std::any_of(job_->parts.begin(), job_->parts.end(),
                               [](const JobPart& part) { return part.canary != nullptr; });
}

std::vector<int> PluginManager::awaited() const {
    std::vector<int> list;
    if (!job_) return list;
    for (const JobPart& part : job_->parts) {
        if (part.canary) list.push_back(part.canary->descriptor());
    }
    return list;
}

void PluginManager::poll_canaries() {
    if (!canaries_run()) return;
    for (JobPart& part : job_->parts) {
        if (!part.canary) continue;
        const auto verdict = part.canary->poll();
        if (!verdict) continue;
        part.canary.reset();
        count(counters_, verdict->outcome);
        if (SwapReport* const one = report(job_->request.ticket)) {
            one->notes.insert(one->notes.end(), verdict->notes.begin(), verdict->notes.end());
            for (const std::string& note : verdict->notes) log::info("swap: {}", note);
        }
        if (!verdict->passed()) return fail_job(SwapOutcome::refused, verdict->reason);
    }
    if (canaries_run()) return;
    step(job_->request.ticket, "canary", clock_.now() - job_->canary_began);
    load_beside();
}

std::string PluginManager::Job::one_way() const {
    for (const JobPart& part : parts) {
        if (!part.was_parked) continue;
        return fmt::format(
            "there is no way back from this swap: what {} replaces is parked after a "
            "fault",
            part.label());
    }
    if (probation_ms() != 0) return {};
    return "there is no way back from this swap: its probation is 0 ms; set probation_ms to have "
           "one";
}

std::string PluginManager::Job::gone_meanwhile(
    const std::map<std::string, Loaded, std::less<>>& loaded) const {
    for (const JobPart& part : parts) {
        const auto current = loaded.find(part.plugin());
        const std::string serves = current == loaded.end() ? "" : current->second.library->label();
        if (serves == part.replaces) continue;
        return fmt::format("{} has left meanwhile{}: see why, and swap again", part.replaces,
                           serves.empty() ? "" : ", and " + serves + " serves");
    }
    return {};
}

void PluginManager::load_beside() {
    const TimeNs begin = clock_.now();
    for (JobPart& part : job_->parts) {
        if (!part.staged) continue;
        auto opened = open(std::move(part.staged));
        if (!opened) return fail_job(SwapOutcome::refused, opened.error().message);
        part.library = std::move(*opened);
    }
    step(job_->request.ticket, "load", clock_.now() - begin);
    const std::string gone = job_->gone_meanwhile(loaded_);
    if (!gone.empty()) return fail_job(SwapOutcome::refused, gone);
    for (JobPart& part : job_->parts) {
        const auto current = loaded_.find(part.plugin());
        if (current == loaded_.end()) continue;
        part.was_parked = current->second.state == PluginState::failed;
        // No earlier: a candidate that is refused must not cost the way back of who serves.
        if (current->second.state == PluginState::probation) {
            log::info("swap: the probation of {} ends by request", part.replaces);
            settle(current->second);
        }
        current->second.state = PluginState::swapping;
    }
    const std::string one_way = job_->all_new() ? std::string{} : job_->one_way();
    if (SwapReport* const one = report(job_->request.ticket); one != nullptr && !one_way.empty()) {
        log::warn("swap: {}: {}", one->to, one_way);
        one->notes.push_back(one_way);
    }
    publish_snapshot();
    swap_worlds();
}

}  // namespace gantry::plugin
