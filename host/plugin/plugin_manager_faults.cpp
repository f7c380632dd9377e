// PluginManager: faults, and whether a new generation is worse than the one before it.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/platform/code_ranges.h"
#include "host/platform/given.h"
#include "host/platform/lent.h"
#include "host/platform/maps.h"
#include "host/platform/stack_text.h"
#include "host/platform/throw_trace.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"

namespace gantry::plugin {

void PluginManager::failed(const core::Owner& owner, std::string_view where,
                           std::string_view what) {
    Failure thrown{fmt::format("{} failed in {}: {}", owner.label, where, what), std::string{where},
                   platform::thrown_frames()};
    log::error("{}", thrown.text);
    rooms_.control([this, plugin = owner.plugin, generation = owner.generation,
                    failure = std::move(thrown)] {
        if (JobPart* const part = job_ ? job_->find(plugin) : nullptr;
            part != nullptr && part->library && part->library->generation() == generation) {
            ++part->failures;  // once it has committed, they count for its probation
            part->last_failure = failure;
            return;
        }
        const auto found = loaded_.find(plugin);
        if (found == loaded_.end()) return;
        Loaded& loaded = found->second;
        if (loaded.trial && loaded.trial->library->generation() == generation) {
            Trial& trial = *loaded.trial;
            trial.last_failure = failure;
            const auto finding =
                trial.probation->judge(trial.history, ++trial.failures, 0, clock_.now());
            if (finding) end_trial(loaded, incident_of(*trial.library, *finding, failure));
            return;
        }
        if (loaded.library->generation() != generation) return;
        ++loaded.failures;
        loaded.error = failure.text;
        loaded.last_failure = failure;
        snapshot_stale_ = true;
        if (loaded.state != PluginState::probation || !loaded.probation) return;
        const auto finding =
            loaded.probation->judge(loaded.history, ++loaded.probation_failures, 0, clock_.now());
        if (finding) roll_back(loaded, incident_of(*loaded.library, *finding, failure));
    });
}

void PluginManager::faulted(const core::Owner& owner, const route::FaultReport& report) {
    rooms_.control([this, owner, report] { take_fault(owner, report); });
}

void PluginManager::take_fault(const core::Owner& owner, const route::FaultReport& report) {
    const bool own_thread = report.room.empty();
    const auto place = [&](const char* joint) {
        return own_thread ? report.call : report.call + joint + report.room;
    };
    std::string what = fmt::format("{}: {} in {}", owner.label, report.kind, place(" of "));
    if (!report.inside.empty()) {
        what += fmt::format(", inside {}, which it had called in its probation", report.inside);
    }
    // A pointer that somebody kept of a library that went: the pages say whose it was.
    const platform::CodeLabel kept_of = platform::code_at(report.address);
    const bool leaving = std::any_of(retiring_.begin(), retiring_.end(), [&](const Retiring& one) {
        return one.library->label() == kept_of.text;
    });
    if (kept_of.retired || leaving) {
        what += fmt::format(", by a stale pointer into {}, which has left", kept_of.text);
    }
    if (!report.frames.empty() && platform::looks_at_given(report.frames[0])) {
        what += ", by what it gave to the host";
    }
    if (const auto gone = platform::gone_at(report.address)) {
        what += fmt::format(", by a stale pointer to {}, which is gone", *gone);
    }
    // Whose code was left in its midst stays in memory, whoever is to blame.
    for (const auto& [name, loaded] : loaded_) {
        if (loaded.library->label() == report.inside) loaded.library->poison(what);
        // Its work on the pool may come back after the version after it has begun to serve.
        if (loaded.previous && loaded.previous->label() == owner.label) {
            loaded.previous->poison(what);
        }
    }
    for (const Retiring& one : retiring_) {
        if (one.library->label() == owner.label) one.library->poison(what);
    }
    log::error("{}", what);
    ++counters_.faults;
    ++counters_.faults_of[owner.label];
    Incident incident;
    incident.kind = "fault";
    incident.plugin = owner.label;
    incident.what = what;
    incident.where = place(" in ");
    incident.frames = report.frames;

    const auto found = loaded_.find(owner.plugin);
    if (found != loaded_.end() && found->second.library->generation() == owner.generation) {
        Loaded& loaded = found->second;
        loaded.library->poison(what);
        ++loaded.failures;
        loaded.error = what;
        if (loaded.state == PluginState::probation) {
            roll_back(loaded, std::move(incident));
            return;
        }
        incident.live_ms = static_cast<double>(clock_.wall_now() - loaded.since_wall) / ns_per_ms;
        if (const SwapReport* const one = this->report(loaded.report)) {
            incident.changes = one->changes;
        }
        // No room has parked it for that: it serves on.
        if (!own_thread) loaded.state = PluginState::failed;
        publish_snapshot();
    } else if (found != loaded_.end() && found->second.trial &&
               found->second.trial->library->generation() == owner.generation) {
        const Trial& trial = *found->second.trial;
        trial.library->poison(what);
        Incident rollback = rollback_incident(owner.label, what, incident.where);
        rollback.stack_note = "with the fault, in the incident before";
        incident.live_ms = static_cast<double>(now_ - trial.probation->began()) / ns_per_ms;
        if (const SwapReport* const one = this->report(trial.report)) {
            incident.changes = one->changes;
        }
        tell(std::move(incident));
        end_trial(found->second, std::move(rollback));
        return;
    } else if (JobPart* const part = job_ ? job_->find(owner.plugin) : nullptr;
               part != nullptr && part->library &&
               part->library->generation() == owner.generation) {
        // A world that had committed has gone back by itself: the others must not go on.
        part->library->poison(what);
        give_up_barrier(what);
    }
    tell(std::move(incident));
}

void PluginManager::tell(Incident incident) {
    if (sink_ == nullptr) return;
    incident.at_wall = clock_.wall_now();
    incident.stack = platform::stack_text(incident.frames);
    if (incident.stack.empty() && incident.stack_note.empty()) {
        incident.stack_note = "nobody could read it";
    }
    sink_->incident(incident);
}

void PluginManager::begin_probation(Loaded& loaded, VitalsList vitals) {
    const auto resident = platform::resident_bytes();
    SwapReport* const told = report(loaded.report);
    if (told != nullptr && loaded.previous && loaded.state == PluginState::probation &&
        !loaded.history.rates().has_looks()) {
        told->notes.push_back(
            fmt::format("{} had not served long enough to compare with: {} is judged by faults, "
                        "failures and memory alone",
                        loaded.previous->label(), loaded.library->label()));
        log::info("swap: {}", told->notes.back());
    }
    loaded.probation.emplace(loaded.config.probation, loaded.history.rates(), resident, now_);
    loaded.previous_vitals = std::exchange(loaded.vitals, std::move(vitals));
    loaded.history = {};
    loaded.in_worlds = {};
}

// Ten looks a second at what every generation does: the present rates are the next one's baseline.
void PluginManager::look_at_vitals(TimeNs now) {
    for (auto& [name, loaded] : loaded_) {
        if (loaded.trial) look_at_trial(loaded, now);
        if (!loaded.history.due(now)) continue;
        loaded.history.look(now, VitalsSum::of(loaded.vitals));
        loaded.in_worlds.look(now, VitalsSum::of_worlds(loaded.vitals));
        if (loaded.state != PluginState::probation || !loaded.probation) continue;
        const auto resident = platform::resident_bytes();
        const auto finding =
            loaded.probation->judge(loaded.history, loaded.probation_failures, resident, now);
        if (!finding) continue;
        // What came along with it leaves the list: the others are looked at in the next turn.
        return roll_back(loaded, incident_of(*loaded.library, *finding, loaded.last_failure));
    }
}

void PluginManager::roll_back(const Loaded& loaded, Incident incident) {
    if (loaded.previous) incident.went_back_to = loaded.previous->label();
    for (const std::string& name : others_of(loaded.partners, loaded.config.name)) {
        incident.with.push_back(loaded_.at(name).library->label());
    }
    if (loaded.probation) {
        incident.live_ms = static_cast<double>(now_ - loaded.probation->began()) / ns_per_ms;
    }
    if (const SwapReport* const one = report(loaded.report)) incident.changes = one->changes;
    roll_back(loaded, incident.what);
    tell(std::move(incident));
}

std::string PluginManager::label_of(std::uint32_t owner) const {
    const auto found = owner_labels_.find(owner);
    return found != owner_labels_.end() ? found->second : "a plugin that has left";
}

}  // namespace gantry::plugin
