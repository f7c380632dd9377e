#include "host/app/admin_backend.h"

#include <fmt/format.h>

#include <algorithm>

#include "gantry/abi.h"
#include "host/app/ask_rooms.h"
#include "host/app/host_metrics.h"
#include "host/net/address.h"
#include "host/platform/held_threads.h"

namespace gantry::app {
namespace {

admin::WorldInfo world_info(const world::World& world, std::uint32_t worker) {
    admin::WorldInfo info;
    info.name = world.config().name;
    info.id = world.config().id.value;
    info.worker = worker;
    for (const auto& instance : world.instances()) info.plugins.push_back(instance->owner().label);
    info.entities = world.entity_count();
    info.sessions = world.session_count();
    info.tick = world.tick_number();
    info.tick_hz = world.config().tick_hz;
    info.tick_ms_p50 = static_cast<double>(world.tick_times().percentile(0.5)) / ns_per_ms;
    info.tick_ms_p99 = static_cast<double>(world.tick_times().percentile(0.99)) / ns_per_ms;
    info.mailbox = world.held_count();
    info.state = world.holding() ? "draining" : "running";
    return info;
}

// Of a world that a stuck thread has, nothing else may be read.
admin::WorldInfo stuck_info(const world::Away& away, std::uint32_t worker) {
    admin::WorldInfo info;
    info.name = away.world->config().name;
    info.id = away.world->config().id.value;
    info.worker = worker;
    info.tick_hz = away.world->config().tick_hz;
    info.mailbox = away.records.size();
    info.state = "stuck";
    return info;
}

template <class T>
std::vector<T> flatten(std::vector<std::vector<T>> lists) {
    std::vector<T> all;
    for (auto& list : lists) {
        all.insert(all.end(), std::make_move_iterator(list.begin()),
                   std::make_move_iterator(list.end()));
    }
    return all;
}

admin::SwapOutcome outcome_of(plugin::SwapOutcome outcome) {
    switch (outcome) {
        case plugin::SwapOutcome::running:
            return admin::SwapOutcome::running;
        case plugin::SwapOutcome::committed:
            return admin::SwapOutcome::committed;
        case plugin::SwapOutcome::refused:
            return admin::SwapOutcome::refused;
        case plugin::SwapOutcome::given_up:
            return admin::SwapOutcome::given_up;
        case plugin::SwapOutcome::rolled_back:
            return admin::SwapOutcome::rolled_back;
    }
    return admin::SwapOutcome::running;
}

admin::SwapReport told(const plugin::SwapReport& one) {
    admin::SwapReport report;
    report.ticket = one.ticket;
    report.plugin = one.plugin;
    report.from = one.from;
    report.to = one.to;
    report.outcome = outcome_of(one.outcome);
    report.reason = one.reason;
    for (const plugin::SwapStep& step : one.steps) report.steps.push_back({step.name, step.ms});
    report.leftovers = one.leftovers;
    report.notes = one.notes;
    report.changes = one.changes;
    report.at_unix_ms = one.began_wall / ns_per_ms;
    report.ended_unix_ms = one.ended_wall / ns_per_ms;
    report.settled = one.settled;
    return report;
}

}  // namespace

admin::HealthInfo HostBackend::health() {
    admin::HealthInfo info;
    info.ok = !stopping_;
    info.state = stopping_ ? "stopping" : "running";
    if (stopping_) info.reason = "the host is shutting down";
    for (const StuckCall& call : host_.watchdog().stuck()) info.stuck.push_back(call.text());
    info.name = host_.manifest().name;
    info.version = GANTRY_SDK_VERSION;
    info.uptime_ms =
        static_cast<std::uint64_t>((host_.clock().now() - host_.started_at()) / ns_per_ms);
    info.shards = static_cast<std::uint32_t>(host_.rooms().shards.size());
    info.workers = static_cast<std::uint32_t>(host_.rooms().workers.size());
    info.worlds = static_cast<std::uint32_t>(host_.rooms().worlds.size());
    for (session::IoRoom* shard : host_.rooms().shards) info.sessions += shard->shard().load();
    return info;
}

std::vector<admin::PluginInfo> HostBackend::plugins() {
    std::vector<admin::PluginInfo> list;
    for (const plugin::PluginStatus& one : host_.plugins().snapshot().plugins) {
        admin::PluginInfo info;
        info.name = one.name;
        info.version = one.version;
        info.generation = one.generation;
        info.state = plugin::plugin_state_name(one.state);
        info.facets = one.facets;
        info.file = one.file;
        info.build_id = one.build_id;
        info.required = one.required;
        info.since_unix_ms = one.since_wall / ns_per_ms;
        info.error = one.error;
        info.trial = one.trial;
        info.trial_worlds = one.trial_worlds;
        info.trial_with = one.trial_with;
        list.push_back(std::move(info));
    }
    return list;
}

std::vector<admin::CandidateInfo> HostBackend::candidates() {
    std::vector<admin::CandidateInfo> list;
    for (const plugin::Dropped& one : host_.plugins().snapshot().candidates) {
        list.push_back({one.name, one.version, one.file.string(), one.build_id, one.error});
    }
    return list;
}

std::vector<admin::WorldInfo> HostBackend::worlds() {
    auto lists =
        ask_rooms<std::vector<admin::WorldInfo>>(ports_.workers(), [this](std::size_t room) {
            std::vector<admin::WorldInfo> list;
            const world::Worker& worker = *host_.rooms().workers[room];
            for (const auto& world : worker.worlds())
                list.push_back(world_info(*world, worker.index()));
            for (const auto& away : worker.away())
                list.push_back(stuck_info(*away, worker.index()));
            return list;
        });
    auto all = flatten(std::move(lists));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

std::string HostBackend::world_name(WorldId id) const {
    for (const plugin::WorldPlace& place : host_.rooms().worlds) {
        if (place.id == id) return place.name;
    }
    return {};
}

std::vector<admin::SessionInfo> HostBackend::sessions(std::uint64_t after, std::size_t count_max) {
    auto lists = ask_rooms<std::vector<session::SessionSnapshot>>(
        ports_.shards(),
        [this](std::size_t room) { return host_.rooms().shards[room]->snapshot(SIZE_MAX); });
    auto all = flatten(std::move(lists));
    std::erase_if(all, [after](const auto& one) { return one.id.value <= after; });
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.id.value < b.id.value; });
    if (all.size() > count_max) all.resize(count_max);

    const TimeNs wall_offset = host_.clock().wall_now() - host_.clock().now();
    std::vector<admin::SessionInfo> list;
    for (const session::SessionSnapshot& one : all) {
        admin::SessionInfo info;
        info.id = one.id.value;
        info.remote = one.remote;
        info.protocol = one.protocol;
        if (one.listener < host_.endpoints().size())
            info.listener = host_.endpoints()[one.listener].name;
        info.world = world_name(one.world);
        info.messages_in = one.stats.messages_in;
        info.messages_out = one.stats.messages_out;
        info.bytes_in = one.stats.bytes_in;
        info.bytes_out = one.stats.bytes_out;
        info.since_unix_ms = (one.since + wall_offset) / ns_per_ms;
        list.push_back(std::move(info));
    }
    return list;
}

std::vector<admin::RouteInfo> HostBackend::routes() {
    auto lists = ask_rooms<std::vector<admin::RouteInfo>>(ports_.workers(), [this](
                                                                                std::size_t room) {
        std::vector<admin::RouteInfo> list;
        for (const auto& world : host_.rooms().workers[room]->worlds()) {
            for (const auto& route : world->tables().routes.all()) {
                list.push_back({route->id, route->name, route->owner->label, world->config().name});
            }
        }
        return list;
    });
    auto all = flatten(std::move(lists));
    auto io = ask_rooms<std::vector<admin::RouteInfo>>(ports_.first_shard(), [this](std::size_t) {
        std::vector<admin::RouteInfo> list;
        for (const auto& route : host_.rooms().shards.front()->tables().routes.all()) {
            list.push_back({route->id, route->name, route->owner->label, "every listener"});
        }
        return list;
    });
    for (auto& one : flatten(std::move(io))) all.push_back(std::move(one));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::tie(a.place, a.message_id) < std::tie(b.place, b.message_id);
    });
    return all;
}

std::vector<admin::SwapReport> HostBackend::swaps() {
    std::vector<admin::SwapReport> list;
    for (const auto& one : host_.plugins().snapshot().swaps) list.push_back(told(*one));
    return list;
}

std::optional<admin::SwapReport> HostBackend::swap_of(std::uint64_t ticket) {
    const auto one = host_.plugins().report_of(ticket);
    return one ? std::optional{told(*one)} : std::nullopt;
}

std::vector<admin::MetricFamily> HostBackend::metrics() {
    const auto shards = ask_rooms<ShardMetrics>(ports_.shards(), [this](std::size_t room) {
        session::IoRoom& shard = *host_.rooms().shards[room];
        return ShardMetrics{room, shard.shard().counters(), shard.counters(),
                            shard.session_count()};
    });
    struct Answer {
        std::vector<WorldMetrics> worlds;
        std::uint64_t stuck = 0;
        std::uint64_t refused = 0;
    };
    auto workers = ask_rooms<Answer>(ports_.workers(), [this](std::size_t room) {
        const world::Worker& worker = *host_.rooms().workers[room];
        Answer answer{{}, worker.away().size(), worker.counters().refused};
        for (const auto& world : worker.worlds()) {
            answer.worlds.push_back(WorldMetrics{world->config().name, world->counters(),
                                                 world->entities().stats(), world->session_count(),
                                                 world->tick_times().percentile(0.99)});
        }
        return answer;
    });
    HostCounts counts;
    counts.protected_refused = host_.protected_refused();
    counts.calls_refused = host_.calls_refused();
    counts.stuck_calls = host_.watchdog().seen();
    counts.threads_replaced = host_.watchdog().let_go();
    counts.threads_held = platform::held_threads();
    std::vector<std::vector<WorldMetrics>> worlds;
    for (Answer& answer : workers) {
        counts.worlds_stuck += answer.stuck;
        counts.refused_for_stuck += answer.refused;
        worlds.push_back(std::move(answer.worlds));
    }
    return metric_families(shards, flatten(std::move(worlds)), host_.plugins().snapshot(), counts);
}

admin::EventBatch HostBackend::events(std::uint64_t after, std::size_t count_max, bool messages) {
    return host_.events().since(after, count_max, messages);
}

std::uint64_t HostBackend::last_event() { return host_.events().last(); }

void HostBackend::events_wanted(admin::EventsWanted wanted) { host_.events().set_wanted(wanted); }

}  // namespace gantry::app
