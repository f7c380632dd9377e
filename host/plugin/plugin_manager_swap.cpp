// PluginManager: one swap from its request to the proof that the old library has left.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/did_you_mean.h"
#include "host/core/log.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/world_choice.h"

namespace gantry::plugin {

SwapReport* PluginManager::report(std::uint64_t ticket) {
    const auto found =
        std::find_if(reports_.begin(), reports_.end(),
                     [ticket](const SwapReport& one) { return one.ticket == ticket; });
    return found != reports_.end() ? &*found : nullptr;
}

void PluginManager::step(std::uint64_t ticket, std::string name, TimeNs ns) {
    if (SwapReport* const one = report(ticket)) {
        one->steps.push_back({std::move(name), static_cast<double>(ns) / ns_per_ms});
    }
}

Result<std::uint64_t> PluginManager::swap(const SwapWish& wish) {
    if (queue_.size() >= queue_max)
        return Error{Status::limit, "too many swaps are waiting already"};
    Request request;
    request.promote = wish.promote;
    request.settle = wish.settle;
    for (const PluginWish& one : wish.plugins) {
        auto next = next_version(one);
        if (!next) return next.error();
        const auto same =
            std::find_if(request.plugins.begin(), request.plugins.end(),
                         [&](const NextVersion& other) { return other.plugin == next->plugin; });
        if (same != request.plugins.end())
            return Error{Status::invalid, next->plugin + " is named twice"};
        request.plugins.push_back(std::move(*next));
    }
    if (request.plugins.empty()) return Error{Status::invalid, "no plugin is named"};
    if (wish.worlds.empty()) {
        if (wish.sessions.empty()) return enqueue(std::move(request));
        return Error{Status::invalid,
                     "a rule on sessions says who begins in the worlds that try the new version: "
                     "name these with --worlds"};
    }
    if (request.plugins.size() > 1) {
        return Error{Status::invalid,
                     "several plugins at once are swapped in all worlds; leave --worlds out"};
    }
    const std::string& plugin = request.plugins.front().plugin;
    std::vector<WorldPlace> places;
    for (const WorldPlace& place : rooms_.worlds) {
        if (loaded_.contains(plugin) && lists(place, plugin)) places.push_back(place);
    }
    auto chosen = choose_worlds(wish.worlds, places);
    if (!chosen) return chosen.error();
    // All of them is no trial.
    if (chosen->size() < places.size()) request.worlds = std::move(*chosen);
    if (!wish.sessions.empty() && request.worlds.empty()) {
        return Error{
            Status::invalid,
            fmt::format("--worlds names every world that has {}, so a rule on sessions has "
                        "nothing to choose: leave a world to the old version, or the rule out",
                        plugin)};
    }
    if (!wish.sessions.empty()) {
        auto rule = session::SessionRule::parse(wish.sessions);
        if (!rule) return rule.error();
        request.sessions = std::move(*rule);
    }
    return enqueue(std::move(request));
}

Result<NextVersion> PluginManager::next_version(const PluginWish& wish) const {
    NextVersion next{wish.plugin, wish.file, nullptr};
    if (wish.plugin.empty() && !wish.file.empty()) {
        const auto candidate = inspect(wish.file, rules_);
        if (!candidate) return candidate.error();
        next.plugin = candidate->name;
    }
    if (!wish.file.empty()) return next;
    auto found = find_dropped(next.plugin, wish.version);
    if (!found) return found.error();
    next.file = std::move(*found);
    return next;
}

Result<std::filesystem::path> PluginManager::find_dropped(std::string_view plugin,
                                                          std::string_view version) const {
    const Dropped* const dropped =
        version.empty() ? drop_.newest(plugin) : drop_.find(plugin, version);
    if (dropped == nullptr) {
        std::vector<std::string> names = names_of(loaded_);
        for (const Dropped& one : drop_.all()) names.push_back(one.name);
        if (std::find(names.begin(), names.end(), plugin) == names.end()) {
            const std::string meant = core::did_you_mean(plugin, names);
            return Error{Status::not_found,
                         fmt::format("no plugin {} is loaded or lies in {}{}", plugin,
                                     drop_.folder().string(),
                                     meant.empty() ? fmt::format("; loaded are: {}",
                                                                 fmt::join(names_of(loaded_), ", "))
                                                   : meant)};
        }
        std::string known;
        for (const Dropped& one : drop_.all()) {
            if (one.name == plugin) known += (known.empty() ? "" : ", ") + one.version;
        }
        return Error{Status::not_found,
                     fmt::format("there is no {}{}{} in {}; it has {}", plugin,
                                 version.empty() ? "" : "@", version, drop_.folder().string(),
                                 known.empty() ? "no version of it" : known)};
    }
    if (!dropped->error.empty()) return Error{Status::refused, dropped->error};
    return dropped->file;
}

std::uint64_t PluginManager::swap_linked(std::span<const PluginDesc* const> descs) {
    Request request;
    for (const PluginDesc* const desc : descs) request.plugins.push_back({desc->name, {}, desc});
    return enqueue(std::move(request));
}

std::uint64_t PluginManager::enqueue(Request request) {
    request.ticket = next_ticket_++;
    SwapReport fresh;
    fresh.ticket = request.ticket;
    for (const NextVersion& next : request.plugins) append_name(fresh.plugin, next.plugin);
    fresh.began_wall = clock_.wall_now();
    reports_.push_back(std::move(fresh));
    if (reports_.size() > reports_max) reports_.pop_front();
    queue_.push_back(std::move(request));
    publish_snapshot();
    return queue_.back().ticket;
}

void PluginManager::begin_next(TimeNs now) {
    now_ = now;
    while (!job_ && !queue_.empty()) {
        Request request = std::move(queue_.front());
        queue_.pop_front();
        begin_job(std::move(request));
    }
}

void PluginManager::commit_job() {
    const std::unique_ptr<Job> job = std::move(job_);
    ++counters_.swaps_committed;
    std::vector<std::string> partners;
    bool way_back = true;
    std::uint32_t probation_ms = 0;
    for (const JobPart& part : job->parts) {
        partners.push_back(part.plugin());
        way_back = way_back && loaded_.contains(part.plugin()) && !part.was_parked;
        probation_ms = std::max(probation_ms, part.config.probation_ms);
    }
    const bool is_new = !loaded_.contains(partners.front());
    for (JobPart& part : job->parts) {
        Loaded& loaded = loaded_[part.plugin()];
        loaded.config = part.config;
        loaded.previous = std::move(loaded.library);
        loaded.library = part.library;
        loaded.since_wall = clock_.wall_now();
        loaded.report = job->request.ticket;
        loaded.failures = loaded.probation_failures = part.failures;
        loaded.error = part.error;
        loaded.dropped_file = part.next.file;
        loaded.partners = partners;
        loaded.gone_since = 0;
        // After one that a fault has parked there is nothing to go back to.
        loaded.state = way_back ? PluginState::probation : PluginState::active;
        begin_probation(loaded, std::move(part.vitals));
        loaded.probation_ends = now_ + probation_ms * ns_per_ms;
    }
    if (SwapReport* const one = report(job->request.ticket)) {
        one->outcome = SwapOutcome::committed;
        one->settled = is_new;
        one->changes = job->changes;
        if (is_new) {
            const auto worlds = world_names(rooms_.worlds, job->worlds);
            one->notes.push_back(fmt::format(
                "{0} was not loaded before{1}; gantry remove {0} takes it out again",
                partners.front(), worlds.empty() ? "" : ": it joins " + world_list(worlds)));
        }
        for (const std::string& note : one->notes) log::info("swap: {}", note);
        log::info("swap: {}{}{} committed in {:.2f} ms, the worlds stood still for {:.3f} ms",
                  one->from, one->from.empty() ? "" : " -> ", one->to,
                  static_cast<double>(clock_.now() - job->began) / ns_per_ms,
                  static_cast<double>(job->pause_max) / ns_per_ms);
    }
    if (!is_new && (!way_back || probation_ms == 0)) settle(loaded_.at(partners.front()));
    publish_snapshot();
}

void PluginManager::fail_job(SwapOutcome outcome, std::string reason) {
    const std::unique_ptr<Job> job = std::move(job_);
    if (outcome == SwapOutcome::refused) ++counters_.swaps_refused;
    if (outcome == SwapOutcome::given_up) ++counters_.swaps_given_up;
    for (const JobPart& part : job->parts) {
        const auto current = loaded_.find(part.plugin());
        if (current == loaded_.end()) {
            // It was to be new: take it out of the rooms that had it already.
            if (part.library) unload(part.plugin());
        } else if (current->second.state == PluginState::swapping) {
            undo_rooms(part.plugin(), reason);
            current->second.state = part.was_parked ? PluginState::failed : PluginState::active;
        }
    }
    if (SwapReport* const one = report(job->request.ticket)) {
        one->outcome = outcome;
        one->reason = reason;
        one->settled = true;
    }
    log::warn("swap: {} {}: {}", fmt::join(job->names(), ", "),
              outcome == SwapOutcome::refused ? "refused" : "given up", reason);
    for (JobPart& part : job->parts) {
        if (part.library) retire(std::move(part.library), 0, 0);
    }
    publish_snapshot();
}

// Rooms that have committed go back; the others have nothing to go back to and say so.
void PluginManager::undo_rooms(const std::string& plugin, const std::string& reason) {
    for (const WorldPlace& place : rooms_.worlds) {
        world::Worker* const worker = rooms_.workers[place.worker];
        worker->port(place.id)([worker, id = place.id, plugin, reason] {
            worker->find(id)->roll_back(plugin, reason);
        });
    }
    for (session::IoRoom* const shard : rooms_.shards) {
        shard->inbox().post([shard, plugin] { shard->roll_back(plugin); });
        shard->wake();
    }
    rooms_.service->inbox().post([this, plugin] { rooms_.service->roll_back(plugin); });
    rooms_.service->wake();
}

// All that came in one swap go back together.
void PluginManager::roll_back(const Loaded& first, const std::string& reason) {
    const std::uint64_t ticket = first.report;
    const std::vector<std::string> partners = first.partners;
    ++counters_.swaps_rolled_back;
    for (const std::string& name : partners) {
        Loaded& loaded = loaded_.at(name);
        log::warn("swap: {} is rolled back to {}: {}", loaded.library->label(),
                  loaded.previous->label(), reason);
        undo_rooms(name, reason);
        std::shared_ptr<Library> bad = std::move(loaded.library);
        loaded.library = std::move(loaded.previous);
        loaded.state = PluginState::active;
        loaded.error = reason;
        loaded.since_wall = clock_.wall_now();
        loaded.vitals = std::move(loaded.previous_vitals);
        loaded.history = {};
        loaded.probation.reset();
        retire(std::move(bad), 0, 0);
    }
    if (SwapReport* const one = report(ticket)) {
        one->outcome = SwapOutcome::rolled_back;
        one->reason = reason;
        one->settled = true;
    }
    publish_snapshot();
}

void PluginManager::settle(const Loaded& first) {
    for (const std::string& name : std::vector<std::string>{first.partners}) {
        Loaded& loaded = loaded_.at(name);
        loaded.state = PluginState::active;
        if (!loaded.previous) continue;
        settle_rooms(name);
        retire(std::move(loaded.previous), loaded.report, 0);
    }
}

void PluginManager::settle_rooms(const std::string& plugin) {
    for (const WorldPlace& place : rooms_.worlds) {
        world::Worker* const worker = rooms_.workers[place.worker];
        worker->port(place.id)(
            [worker, id = place.id, plugin] { worker->find(id)->settle(plugin); });
    }
    for (session::IoRoom* const shard : rooms_.shards) {
        shard->inbox().post([shard, plugin] { shard->settle(plugin); });
        shard->wake();
    }
    rooms_.service->inbox().post([this, plugin] { rooms_.service->settle(plugin); });
    rooms_.service->wake();
}

void PluginManager::settle_all() {
    for (auto& [name, loaded] : loaded_) {
        if (loaded.state == PluginState::probation) settle(loaded);
    }
}

void PluginManager::poll(TimeNs now) {
    now_ = now;
    if (std::exchange(snapshot_stale_, false)) publish_snapshot();
    look_at_vitals(now);
    handle_drops(now);
    begin_next(now);
    poll_canaries();
    look_at_barrier();
    look_at_stuck();
    for (auto& [name, loaded] : loaded_) {
        if (loaded.state == PluginState::probation && now >= loaded.probation_ends) {
            log::info("swap: {} has passed its probation", loaded.library->label());
            settle(loaded);
            publish_snapshot();
        }
    }
    if (retiring_.empty()) return;
    std::vector<Retiring> now_due;
    now_due.swap(retiring_);
    for (Retiring& one : now_due) {
        if (now < one.next_try) {
            retiring_.push_back(std::move(one));
        } else {
            retire(std::move(one.library), one.ticket, one.tries, one.forbidden);
        }
    }
    if (retiring_.empty()) publish_snapshot();
}

TimeNs PluginManager::next_due() const noexcept {
    TimeNs due = drop_.next_due();
    if (!queue_.empty() && !job_) return 0;
    if (canaries_run()) due = std::min(due, now_ + ns_per_ms);
    due = std::min(due, barrier_due());
    for (const auto& [name, loaded] : loaded_) {
        if (loaded.state == PluginState::probation) due = std::min(due, loaded.probation_ends);
    }
    for (const auto& [name, loaded] : loaded_) {
        if (!loaded.vitals.empty()) due = std::min(due, loaded.history.next_due());
    }
    for (const Retiring& one : retiring_) due = std::min(due, one.next_try);
    return due;
}

}  // namespace gantry::plugin
