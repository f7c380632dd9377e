// PluginManager: versions that run in some worlds only, until they are promoted or aborted.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/log.h"
#include "host/platform/maps.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/tell_rooms.h"
#include "host/plugin/world_choice.h"

namespace gantry::plugin {
namespace {

constexpr TimeNs patience = 10;  // times its probation, or a second, a trial waits to be compared

/// The worlds that have all of these plugins.
std::vector<WorldPlace> worlds_of(const Rooms& rooms, const std::vector<std::string>& plugins) {
    std::vector<WorldPlace> places;
    for (const WorldPlace& place : rooms.worlds) {
        if (std::all_of(plugins.begin(), plugins.end(),
                        [&](const std::string& one) { return rooms.lists(place, one); })) {
            places.push_back(place);
        }
    }
    return places;
}

// Under the name of the first, for all of a plan.
void begin_seating(const Rooms& rooms, const std::vector<std::string>& plugins,
                   const session::SessionRule& rule, const std::vector<WorldId>& worlds) {
    session::Seats seats{plugins.front(), rule, {}, worlds};
    for (const WorldPlace& place : worlds_of(rooms, plugins)) seats.from.push_back(place.id);
    tell_shards(rooms, [seats](session::IoRoom& shard) { shard.seating().add(seats); });
}

void end_seating(const Rooms& rooms, const std::vector<std::string>& plugins) {
    tell_shards(rooms, [plugin = plugins.front()](session::IoRoom& shard) {
        shard.seating().remove(plugin);
    });
}

/// Which worlds, and how it goes on.
std::vector<std::string> notes_of(const Rooms& rooms, const SwapReport& report, const Trial& trial,
                                  const std::optional<session::SessionRule>& sessions) {
    const bool several = trial.partners.size() > 1;
    const auto worlds = world_names(rooms.worlds, trial.worlds);
    std::vector<std::string> notes;
    notes.push_back(fmt::format(
        "{} {} in {} of {} worlds beside {} ({})", report.to, several ? "run" : "runs",
        worlds.size(), worlds_of(rooms, trial.partners).size(), report.from, world_list(worlds)));
    if (sessions) {
        notes.push_back(fmt::format("new sessions of whom {} holds begin there", sessions->text()));
    }
    if (trial.promote) {
        notes.push_back(
            fmt::format("the other worlds follow by themselves once {} probation has "
                        "passed",
                        several ? "their" : "its"));
    } else {
        notes.push_back(
            fmt::format("gantry promote {0} takes {1} to all, gantry abort {0} takes "
                        "{1} back",
                        trial.partners.front(), several ? "them" : "it"));
    }
    return notes;
}

}  // namespace

// All that come in one plan run their new versions in these worlds, so each has to be in each.
Result<Done> PluginManager::narrow(Request& request, const SwapWish& wish) const {
    if (wish.worlds.empty()) {
        if (wish.sessions.empty()) return Done{};
        return Error{Status::invalid,
                     "a rule on sessions says who begins in the worlds that try the new version: "
                     "name these with --worlds"};
    }
    std::vector<std::string> plugins;
    for (const NextVersion& next : request.plugins) plugins.push_back(next.plugin);
    const bool several = plugins.size() > 1;
    auto chosen = choose_worlds(wish.worlds, worlds_of(rooms_, plugins),
                                several ? "all these plugins" : "this plugin");
    if (!chosen) return chosen.error();
    // All that have any of them is no trial.
    const auto concerned =
        std::count_if(rooms_.worlds.begin(), rooms_.worlds.end(), [&](const WorldPlace& place) {
            return std::any_of(plugins.begin(), plugins.end(),
                               [&](const std::string& one) { return rooms_.lists(place, one); });
        });
    if (std::ssize(*chosen) < concerned) request.worlds = std::move(*chosen);
    if (!wish.sessions.empty() && request.worlds.empty()) {
        return Error{Status::invalid,
                     fmt::format("--worlds names every world that has {}, so a rule on sessions "
                                 "has nothing to choose: leave a world to the old version, or the "
                                 "rule out",
                                 fmt::join(plugins, " or "))};
    }
    if (!wish.sessions.empty()) {
        auto rule = session::SessionRule::parse(wish.sessions);
        if (!rule) return rule.error();
        request.sessions = std::move(*rule);
    }
    return Done{};
}

void PluginManager::commit_trial() {
    const std::unique_ptr<Job> job = std::move(job_);
    ++counters_.swaps_committed;
    const std::vector<std::string> partners = job->names();
    std::uint32_t probation_ms = 0;
    for (const JobPart& part : job->parts) {
        probation_ms = std::max(probation_ms, part.config.probation_ms);
    }
    for (JobPart& part : job->parts) {
        Loaded& loaded = loaded_.at(part.plugin());
        loaded.state = PluginState::trial;
        Trial& trial = loaded.trial.emplace();
        trial.library = part.library;
        trial.config = part.config;
        trial.worlds = job->request.worlds;
        trial.since_wall = clock_.wall_now();
        trial.partners = partners;
        trial.vitals = std::move(part.vitals);
        trial.failures = part.failures;
        trial.last_failure = part.last_failure;
        trial.report = job->request.ticket;
        trial.promote = job->request.promote;
        trial.file = part.next.file;
        trial.ends = now_ + probation_ms * ns_per_ms;
        trial.waits_until = now_ + patience * std::max<TimeNs>(probation_ms * ns_per_ms, ns_per_s);
        trial.probation.emplace(part.config.probation, loaded.in_worlds.rates(),
                                platform::resident_bytes(), now_);
    }
    const Trial& trial = *loaded_.at(partners.front()).trial;
    if (job->request.sessions) {
        begin_seating(rooms_, partners, *job->request.sessions, trial.worlds);
    }
    if (SwapReport* const one = report(trial.report)) {
        end(*one, SwapOutcome::committed);
        one->settled = true;
        one->changes = job->diff(loaded_);
        for (std::string& note : notes_of(rooms_, *one, trial, job->request.sessions)) {
            log::info("swap: {}", note);
            one->notes.push_back(std::move(note));
        }
    }
    publish_snapshot();
}

Result<Loaded*> PluginManager::on_trial(std::string_view plugin) {
    const auto found = loaded_.find(plugin);
    if (found != loaded_.end() && found->second.trial) return &found->second;
    return Error{Status::not_found,
                 fmt::format("no version of {} runs in some worlds only", plugin)};
}

Result<std::uint64_t> PluginManager::promote(std::string_view plugin) {
    const auto found = on_trial(plugin);
    if (!found) return found.error();
    Request request;
    request.promotes = (*found)->trial->report;
    for (const std::string& name : (*found)->trial->partners) {
        request.plugins.push_back({name, loaded_.at(name).trial->file, nullptr});
    }
    return enqueue(std::move(request));
}

// The worlds that have them already keep them; the others, the shards and the service follow.
void PluginManager::begin_promotion() {
    for (const JobPart& part : job_->parts) {
        const auto found = on_trial(part.plugin());
        if (found && (*found)->trial->report == job_->request.promotes) continue;
        return fail_job(SwapOutcome::refused, "what was to be promoted is no more");
    }
    SwapReport* const one = report(job_->request.ticket);
    end_seating(rooms_, job_->names());
    for (JobPart& part : job_->parts) {
        Loaded& loaded = loaded_.at(part.plugin());
        Trial& trial = *loaded.trial;
        part.library = trial.library;
        part.config = trial.config;
        part.vitals = std::move(trial.vitals);
        job_->already = std::move(trial.worlds);
        if (one != nullptr) append_name(one->from, loaded.library->label());
        if (one != nullptr) append_name(one->to, part.library->label());
        loaded.trial.reset();
        loaded.state = PluginState::swapping;
    }
    if (one != nullptr && job_->parts.size() > 1) {
        one->notes.push_back(fmt::format("{} go on together: they came in one plan", one->to));
    }
    publish_snapshot();
    swap_worlds();
}

Result<std::vector<std::string>> PluginManager::abort(std::string_view plugin) {
    const auto found = on_trial(plugin);
    if (!found) return found.error();
    std::vector<std::string> leave;
    for (const std::string& name : (*found)->trial->partners) {
        leave.push_back(loaded_.at(name).trial->library->label());
    }
    end_trial(**found, rollback_incident((*found)->trial->library->label(),
                                         "an operator aborted it", "gantry abort"));
    return leave;
}

// All that came in one plan leave together; `first` is who is to blame.
void PluginManager::end_trial(Loaded& first, Incident incident) {
    const Trial blamed = *first.trial;
    ++counters_.swaps_rolled_back;
    incident.went_back_to = first.library->label();
    incident.live_ms = static_cast<double>(now_ - blamed.probation->began()) / ns_per_ms;
    const std::string sentence =
        reason_of_plan(blamed.library->label(), incident.what, blamed.partners.size());
    end_seating(rooms_, blamed.partners);
    for (const std::string& name : blamed.partners) {
        Loaded& loaded = loaded_.at(name);
        std::shared_ptr<Library> leaves = std::move(loaded.trial->library);
        loaded.trial.reset();
        loaded.state = PluginState::active;
        loaded.error = sentence;
        log::warn("swap: {} leaves {} again: {}", leaves->label(),
                  world_list(world_names(rooms_.worlds, blamed.worlds)), sentence);
        if (&loaded != &first) incident.with.push_back(leaves->label());
        tell_to_go_back(rooms_, name, sentence);
        retire(std::move(leaves), 0);
    }
    if (SwapReport* const one = report(blamed.report)) {
        end(*one, SwapOutcome::rolled_back);
        one->reason = sentence;
        incident.changes = one->changes;
    }
    tell(std::move(incident));
    publish_snapshot();
}

// The old version goes on elsewhere: what it does at the same time is what the new one is compared
// with.
void PluginManager::look_at_trial(Loaded& loaded, TimeNs now) {
    Trial& trial = *loaded.trial;
    if (!trial.history.due(now)) return;
    trial.history.look(now, VitalsSum::of(trial.vitals));
    trial.probation->compare_with(loaded.in_worlds.rates());
    if (const auto finding = trial.probation->judge(trial.history, trial.failures,
                                                    platform::resident_bytes(), now)) {
        return end_trial(loaded, incident_of(*trial.library, *finding, trial.last_failure));
    }
    if (!trial.promote || now < trial.ends) return;
    // What nobody used has passed nothing.
    const bool compared =
        std::all_of(trial.partners.begin(), trial.partners.end(), [&](const std::string& name) {
            const Loaded& one = loaded_.at(name);
            return one.trial->history.rates().comparable(one.in_worlds.rates());
        });
    if (!compared && now < trial.waits_until) return;
    for (const std::string& name : trial.partners) loaded_.at(name).trial->promote = false;  // once
    if (!compared) {
        std::string note = fmt::format(
            "there was nothing to compare in {} s, neither enough messages nor ticks: it is not "
            "promoted by itself; gantry promote {} does",
            (trial.waits_until - trial.probation->began()) / ns_per_s, trial.partners.front());
        log::warn("swap: {}", note);
        if (SwapReport* const one = report(trial.report)) one->notes.push_back(std::move(note));
        return publish_snapshot();
    }
    log::info("swap: the probation of {} has passed: on to the other worlds",
              fmt::join(trial.partners, ", "));
    (void)promote(loaded.config.name);
}

}  // namespace gantry::plugin
