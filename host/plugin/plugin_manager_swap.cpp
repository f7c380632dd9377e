// PluginManager: one swap from its request to the proof that the old library has left.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/did_you_mean.h"
#include "host/core/log.h"
#include "host/plugin/name_list.h"
#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/tell_rooms.h"

namespace gantry::plugin {
namespace {

/// Of a plugin that was not loaded before.
std::string joined_note(const Rooms& rooms, const Library& library, bool leaves_again) {
    std::vector<std::string> worlds;
    for (const WorldPlace& place : rooms.worlds) {
        if (library.desc().create_world != nullptr && rooms.lists(place, library.name()))
            worlds.push_back(place.name);
    }
    return fmt::format("{0} was not loaded before{1}; {2}", library.name(),
                       worlds.empty() ? "" : ": it joins " + world_list(worlds),
                       leaves_again
                           ? "it leaves again when the others go back in their probation"
                           : fmt::format("gantry remove {} takes it out again", library.name()));
}

}  // namespace

SwapReport* PluginManager::report(std::uint64_t ticket) {
    const auto found = std::find_if(reports_.begin(), reports_.end(),
                                    [ticket](const auto& one) { return one->ticket == ticket; });
    if (found == reports_.end()) return nullptr;
    // What others have seen of it stays as it is.
    if (found->use_count() > 1) *found = std::make_shared<SwapReport>(**found);
    return found->get();
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
    if (auto ok = narrow(request, wish); !ok) return ok.error();
    return enqueue(std::move(request));
}

Result<NextVersion> PluginManager::next_version(const PluginWish& wish) const {
    NextVersion next{wish.plugin, wish.file, wish.linked};
    if (next.linked != nullptr) {
        next.plugin = next.linked->name;
        return next;
    }
    if (wish.plugin.empty() && !wish.file.empty()) {
        const auto candidate = inspect(wish.file, rules_);
        if (!candidate) return candidate.error();
        next.plugin = candidate->name;
    }
    if (!wish.file.empty()) return next;
    auto found = file_of(next.plugin, wish.version);
    if (!found) return found.error();
    next.file = std::move(*found);
    return next;
}

Result<std::filesystem::path> PluginManager::file_of(std::string_view plugin,
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
    auto fresh = std::make_shared<SwapReport>();
    fresh->ticket = request.ticket;
    for (const NextVersion& next : request.plugins) append_name(fresh->plugin, next.plugin);
    fresh->began_wall = clock_.wall_now();
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
    const std::vector<std::string> partners = job->names();
    const std::vector<std::string> changes = job->diff(loaded_);
    const bool all_new = job->all_new();
    const std::uint32_t probation_ms = job->probation_ms();
    const bool way_back = !all_new && job->one_way().empty();
    for (JobPart& part : job->parts) {
        Loaded& loaded = loaded_[part.plugin()];
        loaded.config = part.config;
        loaded.previous = std::move(loaded.library);
        loaded.library = part.library;
        loaded.since_wall = clock_.wall_now();
        loaded.report = job->request.ticket;
        loaded.failures = loaded.probation_failures = part.failures;
        loaded.error = part.last_failure.text;
        loaded.last_failure = part.last_failure;
        loaded.dropped_file = part.next.file;
        loaded.partners = partners;
        loaded.gone_since = 0;
        loaded.state = way_back ? PluginState::probation : PluginState::active;
        begin_probation(loaded, std::move(part.vitals));
        loaded.probation_ends = now_ + probation_ms * ns_per_ms;
    }
    if (SwapReport* const one = report(job->request.ticket)) {
        end(*one, SwapOutcome::committed);
        one->settled = all_new;
        one->changes = changes;
        for (const JobPart& part : job->parts) {
            if (!part.joins) continue;
            one->notes.push_back(joined_note(rooms_, *part.library, way_back));
            log::info("swap: {}", one->notes.back());
        }
        log::info("swap: {}{}{} committed in {:.2f} ms, the worlds stood still for {:.3f} ms",
                  one->from, one->from.empty() ? "" : " -> ", one->to,
                  static_cast<double>(clock_.now() - job->began) / ns_per_ms,
                  static_cast<double>(job->pause_max) / ns_per_ms);
    }
    if (!way_back) settle(loaded_.at(partners.front()));
    publish_snapshot();
}

void PluginManager::fail_job(SwapOutcome outcome, std::string reason) {
    const std::unique_ptr<Job> job = std::move(job_);
    if (outcome == SwapOutcome::refused) ++counters_.swaps_refused;
    if (outcome == SwapOutcome::given_up) ++counters_.swaps_given_up;
    // Backward: what came last may stand in the way of those before it.
    for (auto part = job->parts.rbegin(); part != job->parts.rend(); ++part) {
        const auto current = loaded_.find(part->plugin());
        const bool joined = part->joins && part->library != nullptr;
        const bool replaced =
            current != loaded_.end() && current->second.state == PluginState::swapping;
        if (joined || replaced) tell_to_go_back(rooms_, part->plugin(), reason);
        if (joined) unload(part->plugin());
        if (replaced) {
            current->second.state = part->was_parked ? PluginState::failed : PluginState::active;
        }
    }
    if (SwapReport* const one = report(job->request.ticket)) {
        end(*one, outcome);
        one->reason = reason;
        one->settled = true;
    }
    log::warn("swap: {} {}: {}", fmt::join(job->names(), ", "),
              outcome == SwapOutcome::refused ? "refused" : "given up", reason);
    if (const SwapReport* const one = report(job->request.ticket)) {
        for (const std::string& left : one->leftovers) log::info("swap: left over: {}", left);
    }
    for (JobPart& part : job->parts) {
        if (part.library) retire(std::move(part.library), 0);
    }
    publish_snapshot();
}

// All that came in one swap go back together; `first` is who is to blame.
void PluginManager::roll_back(const Loaded& first, const std::string& what) {
    const std::uint64_t ticket = first.report;
    const std::vector<std::string> partners = first.partners;
    const std::string reason = reason_of_plan(first.library->label(), what, partners.size());
    ++counters_.swaps_rolled_back;
    for (auto name = partners.rbegin(); name != partners.rend(); ++name) {
        Loaded& loaded = loaded_.at(*name);
        tell_to_go_back(rooms_, *name, reason);
        if (loaded.previous == nullptr) {  // it came along
            log::warn("swap: {} leaves again: {}", loaded.library->label(), reason);
            unload(*name);
            continue;
        }
        log::warn("swap: {} is rolled back to {}: {}", loaded.library->label(),
                  loaded.previous->label(), reason);
        std::shared_ptr<Library> bad = std::move(loaded.library);
        loaded.library = std::move(loaded.previous);
        loaded.partners = {*name};
        loaded.state = PluginState::active;
        loaded.error = reason;
        loaded.since_wall = clock_.wall_now();
        loaded.vitals = std::move(loaded.previous_vitals);
        loaded.history = {};
        loaded.in_worlds = {};
        loaded.probation.reset();
        retire(std::move(bad), 0);
    }
    if (SwapReport* const one = report(ticket)) {
        end(*one, SwapOutcome::rolled_back);
        one->reason = reason;
        one->settled = true;
    }
    publish_snapshot();
}

void PluginManager::settle(const Loaded& first) {
    for (const std::string& name : std::vector<std::string>{first.partners}) {
        Loaded& loaded = loaded_.at(name);
        loaded.state = PluginState::active;
        loaded.partners = {name};
        tell_to_settle(rooms_, name);
        if (loaded.previous) retire(std::move(loaded.previous), loaded.report);
    }
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
            retire(std::move(one));
        }
    }
    if (retiring_.empty()) publish_snapshot();
}

TimeNs PluginManager::next_due() const noexcept {
    TimeNs due = drop_.next_due();
    if (!queue_.empty() && !job_) return 0;
    if (canaries_run()) due = std::min(due, now_ + canary_look_every);
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
