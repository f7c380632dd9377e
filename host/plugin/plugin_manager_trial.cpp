// PluginManager: a version that runs in some worlds only, until it is promoted or aborted.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/platform/maps.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"

namespace gantry::plugin {
namespace {

void on_shards(const Rooms& rooms, const std::function<void(session::Seating&)>& what) {
    for (session::IoRoom* const shard : rooms.shards) {
        shard->inbox().post([shard, what] { what(shard->seating()); });
        shard->wake();
    }
}

void stop_seating(const Rooms& rooms, const std::string& plugin) {
    on_shards(rooms, [plugin](session::Seating& seating) { seating.remove(plugin); });
}

}  // namespace

// The old version goes on elsewhere, so its present rates are what the new one is compared with.
void PluginManager::commit_trial() {
    const std::unique_ptr<Job> job = std::move(job_);
    ++counters_.swaps_committed;
    JobPart& part = job->parts.front();  // one alone
    Loaded& loaded = loaded_.at(part.plugin());
    loaded.state = PluginState::trial;
    Trial& trial = loaded.trial.emplace();
    trial.library = part.library;
    trial.config = part.config;
    trial.worlds = job->request.worlds;
    trial.vitals = std::move(part.vitals);
    trial.report = job->request.ticket;
    trial.promote = job->request.promote;
    trial.file = part.next.file;
    trial.ends = now_ + part.config.probation_ms * ns_per_ms;
    trial.probation.emplace(part.config.probation, loaded.history.rates(),
                            platform::resident_bytes(), now_);
    if (job->request.sessions) {
        session::Seats seats{part.plugin(), *job->request.sessions, {}, trial.worlds};
        for (const WorldPlace& place : rooms_.worlds) {
            if (lists(place, part.plugin())) seats.from.push_back(place.id);
        }
        on_shards(rooms_, [seats](session::Seating& seating) { seating.add(seats); });
    }
    if (SwapReport* const one = report(trial.report)) {
        one->outcome = SwapOutcome::committed;
        one->settled = true;
        one->changes = job->changes;
        const auto worlds = world_names(rooms_.worlds, trial.worlds);
        const auto all = std::count_if(
            rooms_.worlds.begin(), rooms_.worlds.end(),
            [&](const WorldPlace& place) { return lists(place, loaded.config.name); });
        one->notes.push_back(fmt::format("{} runs in {} of {} worlds beside {} ({})",
                                         trial.library->label(), worlds.size(), all,
                                         loaded.library->label(), world_list(worlds)));
        if (job->request.sessions) {
            one->notes.push_back(fmt::format("new sessions of whom {} holds begin there",
                                             job->request.sessions->text()));
        }
        one->notes.push_back(
            trial.promote
                ? "the other worlds follow by themselves once its probation has passed"
                : fmt::format("gantry promote {0} takes it to all, gantry abort {0} takes it back",
                              loaded.config.name));
    }
    log::info("swap: {} runs in {} worlds beside {}; promote or abort it", trial.library->label(),
              trial.worlds.size(), loaded.library->label());
    publish_snapshot();
}

Result<std::uint64_t> PluginManager::promote(std::string_view plugin) {
    const auto found = loaded_.find(plugin);
    if (found == loaded_.end() || found->second.state != PluginState::trial) {
        return Error{Status::not_found,
                     fmt::format("no version of {} runs in some worlds only", plugin)};
    }
    Request request;
    request.plugins.push_back({std::string{plugin}, found->second.trial->file, nullptr});
    request.promotes = true;
    return enqueue(std::move(request));
}

// The worlds that have it already keep it; the others, the shards and the service follow.
void PluginManager::begin_promotion() {
    JobPart& part = job_->parts.front();
    Loaded& loaded = loaded_.at(part.plugin());
    if (loaded.state != PluginState::trial) {
        return fail_job(SwapOutcome::refused, "what was to be promoted is no more");
    }
    Trial& trial = *loaded.trial;
    part.library = trial.library;
    part.config = trial.config;
    part.vitals = std::move(trial.vitals);
    job_->already = std::move(trial.worlds);
    stop_seating(rooms_, part.plugin());
    if (SwapReport* const one = report(job_->request.ticket)) {
        one->from = loaded.library->label();
        one->to = part.library->label();
    }
    loaded.trial.reset();
    loaded.state = PluginState::swapping;
    publish_snapshot();
    swap_worlds();
}

Result<Done> PluginManager::abort(std::string_view plugin) {
    const auto found = loaded_.find(plugin);
    if (found == loaded_.end() || found->second.state != PluginState::trial) {
        return Error{Status::not_found,
                     fmt::format("no version of {} runs in some worlds only", plugin)};
    }
    end_trial(found->second, "an operator aborted it", {});
    return Done{};
}

void PluginManager::end_trial(Loaded& loaded, const std::string& reason,
                              const std::vector<void*>& frames) {
    const Trial trial = std::move(*loaded.trial);
    loaded.trial.reset();
    loaded.state = PluginState::active;
    loaded.error = reason;
    ++counters_.swaps_rolled_back;
    log::warn("swap: {} leaves its {} worlds again: {}", trial.library->label(),
              trial.worlds.size(), reason);
    stop_seating(rooms_, loaded.library->name());
    undo_rooms(loaded.library->name(), reason);
    Incident incident;
    incident.kind = "rollback";
    incident.plugin = trial.library->label();
    incident.what = reason;
    incident.went_back_to = loaded.library->label();
    incident.live_ms = static_cast<double>(now_ - trial.probation->began()) / ns_per_ms;
    if (SwapReport* const one = report(trial.report)) {
        one->outcome = SwapOutcome::rolled_back;
        one->reason = reason;
        incident.changes = one->changes;
    }
    tell(std::move(incident), frames);
    retire(trial.library, 0, 0);
    publish_snapshot();
}

void PluginManager::look_at_trial(Loaded& loaded, TimeNs now) {
    Trial& trial = *loaded.trial;
    if (!trial.history.due(now)) return;
    trial.history.look(now, VitalsSum::of(trial.vitals));
    if (const auto reason = trial.probation->judge(trial.history, trial.failures,
                                                   platform::resident_bytes(), now)) {
        return end_trial(loaded, *reason, {});
    }
    if (trial.promote && now >= trial.ends) {
        trial.promote = false;  // asked for once
        log::info("swap: {} has passed its probation and goes on to the other worlds",
                  trial.library->label());
        (void)promote(loaded.library->name());
    }
}

}  // namespace gantry::plugin
