// PluginManager: a swap on its way through the rooms: worlds first, then shards, then the service.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/plugin/plugin_manager.h"
#include "host/plugin/swap_job.h"
#include "host/plugin/version_diff.h"

namespace gantry::plugin {
namespace {

bool among(const std::vector<WorldId>& list, WorldId world) {
    return std::find(list.begin(), list.end(), world) != list.end();
}

}  // namespace

bool PluginManager::takes_part(const WorldPlace& place, const JobPart& part) const {
    if (part.desc().create_world == nullptr || !rooms_.lists(place, part.plugin())) return false;
    if (among(job_->already, place.id)) return false;
    return job_->request.worlds.empty() || among(job_->request.worlds, place.id);
}

// Each world drains and commits by itself, unless several plugins are swapped: then all worlds wait
// for each other. The results come back here.
void PluginManager::swap_worlds() {
    const bool barrier = job_->parts.size() > 1;
    const bool adds = !barrier && job_->parts.front().joins;
    job_->waiting = 1;  // this loop itself
    std::vector<std::function<void()>> begin;
    for (const WorldPlace& place : rooms_.worlds) {
        world::SwapOrder order = world_swap(place);
        if (order.next.empty()) continue;
        ++job_->waiting;
        job_->worlds.push_back(place.id);
        if (barrier) {
            order.reached = [this, ticket = job_->request.ticket] {
                rooms_.control([this, ticket] { world_reached(ticket); });
            };
        }
        world::Worker* const worker = rooms_.workers[place.worker];
        begin.push_back([worker, id = place.id, adds,
                         order = std::make_shared<world::SwapOrder>(std::move(order))] {
            worker->port(id)([worker, id, order, adds] {
                world::World* const world = worker->find(id);
                note_routes(*world, *order);
                if (!adds) return world->begin_swap(std::move(*order));
                world::SwapResult result;
                if (const auto added = world->add(order->next.front())) {
                    result.end = world::SwapEnd::committed;
                } else {
                    result.end = world::SwapEnd::refused;
                    result.reason = added.error().message;
                }
                order->done(std::move(result));
            });
        });
    }
    for (const auto& one : begin) one();
    if (--job_->waiting == 0) swap_shards();
}

world::SwapOrder PluginManager::world_swap(const WorldPlace& place) {
    world::SwapOrder order;
    order.drain_ms = order.hold_ms = 0;
    for (JobPart& part : job_->parts) {
        if (!takes_part(place, part)) continue;
        auto& next = order.next.emplace_back(world_order(part.library, part.config));
        next.joins = part.joins;
        part.vitals.push_back(next.options.vitals);
        order.drain_ms = std::max(order.drain_ms, part.config.drain_ms);
        order.hold_ms = std::max(order.hold_ms, part.config.hold_ms);
        order.cancel_at_deadline |= part.config.cancel_at_deadline;
    }
    order.done = [this, place, ticket = job_->request.ticket](world::SwapResult result) {
        rooms_.control([this, place, ticket, result = std::move(result)]() mutable {
            if (job_ && job_->request.ticket == ticket) world_done(place, std::move(result));
        });
    };
    return order;
}

void PluginManager::tell_worlds(const std::function<void(world::World&)>& what) {
    for (const WorldPlace& place : rooms_.worlds) {
        if (!among(job_->worlds, place.id)) continue;
        world::Worker* const worker = rooms_.workers[place.worker];
        worker->port(place.id)([worker, id = place.id, what] { what(*worker->find(id)); });
    }
}

// Twice: first all are idle and begin to hold, then all have handed over and switch.
void PluginManager::world_reached(std::uint64_t ticket) {
    if (!job_ || job_->request.ticket != ticket || !job_->reason.empty()) return;
    if (++job_->reached < job_->worlds.size()) return;
    job_->reached = 0;
    job_->proceeded = now_;
    tell_worlds([plugins = job_->names()](world::World& world) {
        for (const std::string& plugin : plugins) {
            if (world.proceed(plugin)) return;
        }
    });
}

// Worlds that have handed over stand still: one that does not get so far must not keep them.
void PluginManager::look_at_barrier() {
    if (barrier_due() > now_) return;
    give_up_barrier("not all worlds came to the hand-over in time");
}

TimeNs PluginManager::barrier_due() const noexcept {
    constexpr std::uint32_t grace_ms = 100;
    if (!job_ || job_->proceeded == 0 || !job_->reason.empty()) return sched::never;
    std::uint32_t hold_ms = 0;
    for (const JobPart& part : job_->parts) hold_ms = std::max(hold_ms, part.config.hold_ms);
    return job_->proceeded + (hold_ms + grace_ms) * ns_per_ms;
}

void PluginManager::give_up_barrier(const std::string& reason) {
    if (job_->reason.empty()) job_->reason = reason;
    if (job_->parts.size() == 1) return;
    tell_worlds([plugins = job_->names(), reason](world::World& world) {
        for (const std::string& plugin : plugins) world.give_up(plugin, reason);
    });
}

// Nobody waits for a world that stands still with a stuck thread: its part is given up, also in the
// world itself, once it is back.
void PluginManager::look_at_stuck() {
    for (const WorldPlace& place : rooms_.worlds) {
        const auto stuck = rooms_.stuck.find(place.id.value);
        if (!job_ || stuck == rooms_.stuck.end()) continue;
        const bool takes = std::any_of(job_->parts.begin(), job_->parts.end(),
                                       [&](const auto& part) { return takes_part(place, part); });
        if (!takes || among(job_->answered, place.id)) continue;
        if (job_->worlds.empty()) {
            return fail_job(SwapOutcome::refused,
                            stuck->second + "; the other worlds can be named with --worlds");
        }
        world::Worker* const worker = rooms_.workers[place.worker];
        worker->port(place.id)(
            [worker, id = place.id, plugins = job_->names(), reason = stuck->second] {
                for (const std::string& plugin : plugins) worker->find(id)->give_up(plugin, reason);
            });
        world::SwapResult result;
        result.reason = stuck->second;
        world_done(place, std::move(result));
    }
}

void PluginManager::world_done(const WorldPlace& place, world::SwapResult result) {
    if (among(job_->answered, place.id)) return;  // given up for it while it was stuck
    job_->answered.push_back(place.id);
    job_->prepare_max = std::max(job_->prepare_max, result.prepare_ns);
    job_->convert_max = std::max(job_->convert_max, result.convert_ns);
    job_->drain_max = std::max(job_->drain_max, result.drain_ns);
    job_->pause_max = std::max(job_->pause_max, result.pause_ns);
    if (job_->changes.empty()) job_->changes = std::move(result.changes);
    append_new(job_->routes, result.routes);
    if (SwapReport* const one = report(job_->request.ticket)) {
        for (std::string& sentence : result.one_way) add_once(one->notes, std::move(sentence));
    }
    if (SwapReport* const one = report(job_->request.ticket)) {
        one->leftovers.insert(one->leftovers.end(), result.leftovers.begin(),
                              result.leftovers.end());
    }
    if (result.end != world::SwapEnd::committed && job_->reason.empty()) {
        job_->refused = result.end == world::SwapEnd::refused;
        give_up_barrier("world " + place.name + ": " + result.reason);
    }
    if (--job_->waiting != 0) return;
    job_->proceeded = 0;
    step(job_->request.ticket, "prepare", job_->prepare_max);
    if (!job_->changes.empty()) step(job_->request.ticket, "convert", job_->convert_max);
    step(job_->request.ticket, "drain", job_->drain_max);
    step(job_->request.ticket, "commit", job_->pause_max);
    if (job_->reason.empty()) {
        return job_->request.worlds.empty() ? swap_shards() : commit_trial();
    }
    fail_job(job_->refused ? SwapOutcome::refused : SwapOutcome::given_up, job_->reason);
}

// All of a shard in one step of it, or none.
void PluginManager::swap_shards() {
    std::vector<route::FacetOrder> first = facet_orders(Facet::io, 0);
    if (first.empty()) return swap_service();
    job_->waiting = static_cast<std::uint32_t>(rooms_.shards.size());
    for (std::uint32_t i = 0; i < rooms_.shards.size(); ++i) {
        session::IoRoom* const shard = rooms_.shards[i];
        auto orders = i == 0 ? std::move(first) : facet_orders(Facet::io, i);
        shard->inbox().post([this, shard, orders = std::move(orders)] {
            room_done("shard", add_noting_routes(*shard, orders), &PluginManager::swap_service);
        });
        shard->wake();
    }
}

void PluginManager::swap_service() {
    auto orders = facet_orders(Facet::service, 0);
    if (orders.empty()) return commit_job();
    job_->waiting = 1;
    rooms_.service->inbox().post([this, orders = std::move(orders)] {
        room_done("service", rooms_.service->add(orders), &PluginManager::commit_job);
    });
    rooms_.service->wake();
}

std::vector<route::FacetOrder> PluginManager::facet_orders(Facet facet, std::uint32_t shard) {
    std::vector<route::FacetOrder> orders;
    for (JobPart& part : job_->parts) {
        const PluginDesc& desc = part.library->desc();
        if ((facet == Facet::io ? desc.create_io : desc.create_service) == nullptr) continue;
        auto& order = orders.emplace_back(facet_order(part.library, part.config, facet, shard));
        if (!part.joins) order.replaces = part.plugin();
        part.vitals.push_back(order.vitals);
    }
    return orders;
}

// [the room's thread]
void PluginManager::room_done(const char* room, const Result<route::FacetReport>& added,
                              void (PluginManager::*next)()) {
    rooms_.control([this, room, added, next] {
        if (!job_) return;
        if (added) {
            job_->room_max = std::max(job_->room_max, added->took);
            append_new(job_->changes, added->changes);
        } else if (job_->reason.empty()) {
            job_->reason = added.error().message;
        }
        if (--job_->waiting != 0) return;
        step(job_->request.ticket, room, std::exchange(job_->room_max, 0));
        if (job_->reason.empty()) return (this->*next)();
        fail_job(SwapOutcome::given_up, job_->reason);
    });
}

}  // namespace gantry::plugin
