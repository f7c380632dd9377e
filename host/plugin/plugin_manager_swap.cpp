// PluginManager: one swap from its request to the proof that the old library has left.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/log.h"
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
    request.plugin = wish.plugin;
    request.file = wish.file;
    request.promote = wish.promote;
    request.settle = wish.settle;
    if (wish.plugin.empty() && !wish.file.empty()) {
        const auto candidate = inspect(wish.file, rules_);
        if (!candidate) return candidate.error();
        request.plugin = candidate->name;
    }
    if (!wish.worlds.empty()) {
        std::vector<WorldPlace> places;
        for (const WorldPlace& place : rooms_.worlds) {
            if (loaded_.contains(request.plugin) && lists(place, request.plugin))
                places.push_back(place);
        }
        auto chosen = choose_worlds(wish.worlds, places);
        if (!chosen) return chosen.error();
        // All of them is no trial.
        if (chosen->size() < places.size()) request.worlds = std::move(*chosen);
    }
    if (wish.file.empty()) {
        auto found = find_dropped(request.plugin, wish.version);
        if (!found) return found.error();
        request.file = *found;
    }
    return enqueue(std::move(request));
}

Result<std::filesystem::path> PluginManager::find_dropped(std::string_view plugin,
                                                          std::string_view version) const {
    const Dropped* const dropped =
        version.empty() ? drop_.newest(plugin) : drop_.find(plugin, version);
    if (dropped == nullptr) {
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

std::uint64_t PluginManager::swap_linked(const PluginDesc& desc) {
    Request request;
    request.plugin = desc.name;
    request.linked = &desc;
    return enqueue(std::move(request));
}

std::uint64_t PluginManager::enqueue(Request request) {
    request.ticket = next_ticket_++;
    SwapReport fresh;
    fresh.ticket = request.ticket;
    fresh.plugin = request.plugin;
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

bool PluginManager::takes_part(const WorldPlace& place) const {
    const auto among = [&](const std::vector<WorldId>& list) {
        return std::find(list.begin(), list.end(), place.id) != list.end();
    };
    if (!lists(place, job_->request.plugin) || among(job_->already)) return false;
    return job_->request.worlds.empty() || among(job_->request.worlds);
}

// Each world drains and commits by itself; the results come back here.
void PluginManager::swap_worlds() {
    const bool is_new = !loaded_.contains(job_->request.plugin);
    job_->waiting = 1;  // this loop itself
    for (const WorldPlace& place : rooms_.worlds) {
        if (job_->library->desc().create_world == nullptr || !takes_part(place)) continue;
        ++job_->waiting;
        world::Worker* const worker = rooms_.workers[place.worker];
        world::SwapOrder order;
        order.next = world_order(job_->library, job_->config);
        job_->vitals.push_back(order.next.options.vitals);
        order.drain_ms = job_->config.drain_ms;
        order.hold_ms = job_->config.hold_ms;
        order.cancel_at_deadline = job_->config.cancel_at_deadline;
        order.done = [this, name = place.name](world::SwapResult result) {
            rooms_.control([this, name, result = std::move(result)]() mutable {
                world_done(name, std::move(result));
            });
        };
        worker->port(place.id)([worker, id = place.id, order = std::move(order), is_new]() mutable {
            world::World* const world = worker->find(id);
            if (!is_new) return world->begin_swap(std::move(order));
            world::SwapResult result;
            if (const auto added = world->add(order.next)) {
                result.end = world::SwapEnd::committed;
            } else {
                result.end = world::SwapEnd::refused;
                result.reason = added.error().message;
            }
            order.done(std::move(result));
        });
    }
    if (--job_->waiting == 0) swap_shards();
}

void PluginManager::world_done(const std::string& world, world::SwapResult result) {
    if (!job_) return;
    job_->prepare_max = std::max(job_->prepare_max, result.prepare_ns);
    job_->drain_max = std::max(job_->drain_max, result.drain_ns);
    job_->pause_max = std::max(job_->pause_max, result.pause_ns);
    if (job_->changes.empty()) job_->changes = std::move(result.changes);
    if (SwapReport* const one = report(job_->request.ticket)) {
        one->leftovers.insert(one->leftovers.end(), result.leftovers.begin(),
                              result.leftovers.end());
    }
    if (result.end != world::SwapEnd::committed && job_->reason.empty()) {
        job_->refused = result.end == world::SwapEnd::refused;
        job_->reason = "world " + world + ": " + result.reason;
    }
    if (--job_->waiting != 0) return;
    step(job_->request.ticket, "prepare", job_->prepare_max);
    step(job_->request.ticket, "drain", job_->drain_max);
    step(job_->request.ticket, "commit", job_->pause_max);
    if (job_->reason.empty()) {
        return job_->request.worlds.empty() ? swap_shards() : commit_trial();
    }
    fail_job(job_->refused ? SwapOutcome::refused : SwapOutcome::given_up, job_->reason);
}

void PluginManager::swap_shards() {
    if (job_->library->desc().create_io == nullptr) return swap_service();
    const std::string replaces = loaded_.contains(job_->request.plugin) ? job_->request.plugin : "";
    job_->waiting = static_cast<std::uint32_t>(rooms_.shards.size());
    for (std::uint32_t i = 0; i < rooms_.shards.size(); ++i) {
        session::IoRoom* const shard = rooms_.shards[i];
        const auto order = facet_order(job_->library, job_->config, Facet::io, i);
        shard->inbox().post([this, shard, order, replaces] {
            const auto added = shard->add(order, replaces);
            rooms_.control([this, reason = added ? std::string{} : added.error().message] {
                if (!job_) return;
                if (job_->reason.empty()) job_->reason = reason;
                if (--job_->waiting != 0) return;
                if (job_->reason.empty()) return swap_service();
                fail_job(SwapOutcome::given_up, job_->reason);
            });
        });
        shard->wake();
    }
}

void PluginManager::swap_service() {
    if (job_->library->desc().create_service == nullptr) return commit_job();
    const std::string replaces = loaded_.contains(job_->request.plugin) ? job_->request.plugin : "";
    const auto order = facet_order(job_->library, job_->config, Facet::service, 0);
    rooms_.service->inbox().post([this, order, replaces] {
        const auto added = rooms_.service->add(order, replaces);
        rooms_.control([this, reason = added ? std::string{} : added.error().message] {
            if (!job_) return;
            if (job_->reason.empty()) job_->reason = reason;
            if (job_->reason.empty()) return commit_job();
            fail_job(SwapOutcome::given_up, job_->reason);
        });
    });
    rooms_.service->wake();
}

void PluginManager::commit_job() {
    const std::unique_ptr<Job> job = std::move(job_);
    ++counters_.swaps_committed;
    const auto [place, is_new] = loaded_.try_emplace(job->request.plugin);
    Loaded& loaded = place->second;
    const bool was_parked = loaded.state == PluginState::failed || job->was_parked;
    loaded.config = job->config;
    loaded.previous = std::move(loaded.library);
    loaded.library = job->library;
    loaded.since_wall = clock_.wall_now();
    loaded.report = job->request.ticket;
    loaded.failures = 0;
    loaded.probation_failures = 0;
    loaded.error.clear();
    loaded.dropped_file = job->request.file;
    loaded.gone_since = 0;
    // After one that a fault has parked there is nothing to go back to.
    const bool no_way_back = is_new || was_parked;
    loaded.state = no_way_back ? PluginState::active : PluginState::probation;
    begin_probation(loaded, std::move(job->vitals));
    loaded.probation_ends = now_ + loaded.config.probation_ms * ns_per_ms;
    if (SwapReport* const one = report(job->request.ticket)) {
        one->outcome = SwapOutcome::committed;
        one->settled = is_new;
        one->changes = job->changes;
        log::info("swap: {}{}{} committed in {:.2f} ms, the worlds stood still for {:.3f} ms",
                  one->from, one->from.empty() ? "" : " -> ", one->to,
                  static_cast<double>(clock_.now() - job->began) / ns_per_ms,
                  static_cast<double>(job->pause_max) / ns_per_ms);
    }
    if (!is_new && (was_parked || loaded.config.probation_ms == 0)) settle(loaded);
    publish_snapshot();
}

void PluginManager::fail_job(SwapOutcome outcome, std::string reason) {
    const std::unique_ptr<Job> job = std::move(job_);
    if (outcome == SwapOutcome::refused) ++counters_.swaps_refused;
    if (outcome == SwapOutcome::given_up) ++counters_.swaps_given_up;
    const auto current = loaded_.find(job->request.plugin);
    if (current != loaded_.end()) {
        if (current->second.state == PluginState::swapping) {
            undo_rooms(job->request.plugin, reason);
            current->second.state = job->was_parked ? PluginState::failed : PluginState::active;
        }
    } else if (job->library) {
        // A plugin that was to be new: take it out of the rooms that had it already.
        unload(job->request.plugin);
    }
    if (SwapReport* const one = report(job->request.ticket)) {
        one->outcome = outcome;
        one->reason = reason;
        one->settled = true;
    }
    log::warn("swap: {} {}: {}", job->request.plugin,
              outcome == SwapOutcome::refused ? "refused" : "given up", reason);
    if (job->library) retire(job->library, 0, 0);
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

void PluginManager::roll_back(Loaded& loaded, const std::string& reason) {
    log::warn("swap: {} is rolled back to {}: {}", loaded.library->label(),
              loaded.previous->label(), reason);
    ++counters_.swaps_rolled_back;
    undo_rooms(loaded.library->name(), reason);
    std::shared_ptr<Library> bad = std::move(loaded.library);
    loaded.library = std::move(loaded.previous);
    loaded.state = PluginState::active;
    loaded.error = reason;
    loaded.since_wall = clock_.wall_now();
    if (SwapReport* const one = report(loaded.report)) {
        one->outcome = SwapOutcome::rolled_back;
        one->reason = reason;
        one->settled = true;
    }
    retire(std::move(bad), 0, 0);
    publish_snapshot();
}

void PluginManager::settle(Loaded& loaded) {
    loaded.state = PluginState::active;
    if (!loaded.previous) return;
    const std::string plugin = loaded.library->name();
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
    retire(std::move(loaded.previous), loaded.report, 0);
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
    poll_canary();
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
    if (job_ && job_->canary) due = std::min(due, now_ + ns_per_ms);
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
