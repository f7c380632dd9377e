// PluginManager: faults, and whether a new generation is worse than the one before it.
#include <fmt/format.h>

#include "host/core/log.h"
#include "host/platform/maps.h"
#include "host/platform/stack_text.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"

namespace gantry::plugin {

void PluginManager::faulted(const core::Owner& owner, const route::FaultReport& report) {
    rooms_.control([this, owner, report] { take_fault(owner, report); });
}

void PluginManager::take_fault(const core::Owner& owner, const route::FaultReport& report) {
    std::string what =
        fmt::format("{}: {} in {} of {}", owner.label, report.kind, report.call, report.room);
    if (!report.inside.empty()) {
        what += fmt::format(", inside {}, which it had called in its probation", report.inside);
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
    Incident incident;
    incident.kind = "fault";
    incident.plugin = owner.label;
    incident.what = what;
    incident.where = fmt::format("{} in {}", report.call, report.room);

    const auto found = loaded_.find(owner.plugin);
    if (found != loaded_.end() && found->second.library->generation() == owner.generation) {
        Loaded& loaded = found->second;
        loaded.library->poison(what);
        ++loaded.failures;
        loaded.error = what;
        if (loaded.state == PluginState::probation) {
            roll_back(loaded, what, incident, report.frames);
            return;
        }
        loaded.state = PluginState::failed;
        publish_snapshot();
    } else if (found != loaded_.end() && found->second.trial &&
               found->second.trial->library->generation() == owner.generation) {
        found->second.trial->library->poison(what);
        tell(std::move(incident), report.frames);
        end_trial(found->second, what, {});
        return;
    } else if (JobPart* const part = job_ ? job_->find(owner.plugin) : nullptr;
               part != nullptr && part->library &&
               part->library->generation() == owner.generation) {
        // A world that had committed has gone back by itself: the others must not go on.
        part->library->poison(what);
        give_up_barrier(what);
    }
    tell(std::move(incident), report.frames);
}

void PluginManager::tell(Incident incident, const std::vector<void*>& frames) {
    if (sink_ == nullptr) return;
    incident.at_wall = clock_.wall_now();
    incident.stack = platform::stack_text(frames);
    sink_->incident(incident);
}

void PluginManager::begin_probation(Loaded& loaded, VitalsList vitals) {
    const auto resident = platform::resident_bytes();
    loaded.probation.emplace(loaded.config.probation, loaded.history.rates(), resident, now_);
    loaded.previous_vitals = std::exchange(loaded.vitals, std::move(vitals));
    loaded.history = {};
}

// Ten looks a second at what every generation does: the present rates are the next one's baseline.
void PluginManager::look_at_vitals(TimeNs now) {
    for (auto& [name, loaded] : loaded_) {
        if (loaded.trial) look_at_trial(loaded, now);
        if (!loaded.history.due(now)) continue;
        loaded.history.look(now, VitalsSum::of(loaded.vitals));
        if (loaded.state != PluginState::probation || !loaded.probation) continue;
        const auto resident = platform::resident_bytes();
        const auto reason =
            loaded.probation->judge(loaded.history, loaded.probation_failures, resident, now);
        if (!reason) continue;
        // What came along with it leaves the list: the others are looked at in the next turn.
        return roll_back(loaded, *reason, rollback_incident(loaded.library->label(), *reason), {});
    }
}

void PluginManager::roll_back(const Loaded& loaded, const std::string& reason, Incident incident,
                              const std::vector<void*>& frames) {
    if (loaded.previous) incident.went_back_to = loaded.previous->label();
    for (const std::string& name : others_of(loaded.partners, loaded.config.name)) {
        incident.with.push_back(loaded_.at(name).library->label());
    }
    if (loaded.probation) {
        incident.live_ms = static_cast<double>(now_ - loaded.probation->began()) / ns_per_ms;
    }
    if (const SwapReport* const one = report(loaded.report)) incident.changes = one->changes;
    roll_back(loaded, reason);
    tell(std::move(incident), frames);
}

std::string PluginManager::label_of(std::uint32_t owner) const {
    const auto found = owner_labels_.find(owner);
    return found != owner_labels_.end() ? found->second : "a plugin that has left";
}

}  // namespace gantry::plugin
