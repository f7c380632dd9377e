#include "host/app/host_metrics.h"

#include "host/platform/maps.h"

namespace gantry::app {
namespace {

using admin::Labels;
using admin::MetricFamily;
using admin::MetricType;

/// One family whose samples come from a list of things that have the same label.
template <class Thing, class Label, class Value>
MetricFamily family(std::string name, std::string help, MetricType type,
                    const std::vector<Thing>& things, Label label, Value value) {
    MetricFamily made{std::move(name), std::move(help), type, {}, {}};
    for (const Thing& thing : things) {
        made.samples.push_back({label(thing), static_cast<double>(value(thing))});
    }
    return made;
}

MetricFamily single(std::string name, std::string help, MetricType type, double value) {
    return {std::move(name), std::move(help), type, {{{}, value}}, {}};
}

void add_shards(std::vector<MetricFamily>& out, const std::vector<ShardMetrics>& shards) {
    const auto label = [](const ShardMetrics& one) {
        return Labels{{"shard", std::to_string(one.shard)}};
    };
    const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
        out.push_back(family(name, help, type, shards, label, value));
    };
    const auto counter = MetricType::counter;
    add("gantry_connections", "Connections that are open.", MetricType::gauge,
        [](const auto& s) { return s.net.open; });
    add("gantry_connections_accepted_total", "Connections accepted.", counter,
        [](const auto& s) { return s.net.accepted; });
    add("gantry_frames_in_total", "Frames received.", counter,
        [](const auto& s) { return s.net.frames_in; });
    add("gantry_frames_out_total", "Frames queued for sending.", counter,
        [](const auto& s) { return s.net.frames_out; });
    add("gantry_bytes_in_total", "Bytes received.", counter,
        [](const auto& s) { return s.net.bytes_in; });
    add("gantry_bytes_out_total", "Bytes sent.", counter,
        [](const auto& s) { return s.net.bytes_out; });
    add("gantry_waits_credit_total", "Times a connection was not read for lack of credit.", counter,
        [](const auto& s) { return s.io.waits_credit; });
    add("gantry_waits_ring_total", "Times a connection was not read for a full ring.", counter,
        [](const auto& s) { return s.io.waits_ring; });
    add("gantry_layer_drops_total", "Messages that a middleware layer dropped.", counter,
        [](const auto& s) { return s.io.layer_drops; });
    add("gantry_layer_detains_total",
        "Messages that waited until a crashed middleware layer had gone back.", counter,
        [](const auto& s) { return s.io.layer_detains; });
    add("gantry_undeliverable_total", "Messages to sessions that were gone.", counter,
        [](const auto& s) { return s.io.undeliverable; });
    add("gantry_pool_bytes", "Memory of the buffer pool.", MetricType::gauge,
        [](const auto& s) { return s.net.pool_bytes; });

    MetricFamily refused{"gantry_connections_refused_total",
                         "Connections turned away before they opened.",
                         counter,
                         {},
                         {}};
    MetricFamily closed{
        "gantry_connections_closed_total", "Connections that ended.", counter, {}, {}};
    for (const ShardMetrics& one : shards) {
        const std::string shard = std::to_string(one.shard);
        for (std::size_t i = 0; i < one.net.refused.size(); ++i) {
            refused.samples.push_back(
                {{{"reason", net::refuse_reason_name(static_cast<net::RefuseReason>(i))},
                  {"shard", shard}},
                 static_cast<double>(one.net.refused[i])});
        }
        for (std::size_t i = 1; i < one.net.closed.size(); ++i) {
            closed.samples.push_back(
                {{{"reason", net::close_reason_name(static_cast<net::CloseReason>(i))},
                  {"shard", shard}},
                 static_cast<double>(one.net.closed[i])});
        }
    }
    out.push_back(std::move(refused));
    out.push_back(std::move(closed));
}

void add_worlds(std::vector<MetricFamily>& out, const std::vector<WorldMetrics>& worlds) {
    const auto label = [](const WorldMetrics& one) { return Labels{{"world", one.world}}; };
    const auto add = [&](const char* name, const char* help, MetricType type, auto value) {
        out.push_back(family(name, help, type, worlds, label, value));
    };
    const auto counter = MetricType::counter;
    add("gantry_world_sessions", "Sessions in a world.", MetricType::gauge,
        [](const auto& w) { return w.sessions; });
    add("gantry_world_entities", "Entities in a world.", MetricType::gauge,
        [](const auto& w) { return w.entities.entities; });
    add("gantry_world_rows_waited_total",
        "Rows that got a new layout not in the commit of a swap, but when they were touched after "
        "it.",
        counter, [](const auto& w) { return w.entities.rows_waited; });
    add("gantry_world_messages_total", "Messages handled.", counter,
        [](const auto& w) { return w.counters.messages; });
    add("gantry_world_failures_total", "Messages whose handler failed.", counter,
        [](const auto& w) { return w.counters.failed; });
    add("gantry_world_unknown_ids_total", "Messages that nobody handles.", counter,
        [](const auto& w) { return w.counters.unknown_ids; });
    add("gantry_world_held_total", "Messages that waited for a swap.", counter,
        [](const auto& w) { return w.counters.held; });
    add("gantry_world_components_left_behind_total",
        "Components that a session could not bring along from another world.", counter,
        [](const auto& w) { return w.counters.components_left_behind; });
    add("gantry_world_ticks_total", "Ticks run.", counter,
        [](const auto& w) { return w.counters.ticks; });
    add("gantry_world_ticks_slipped_total", "Ticks given up because the world was behind.", counter,
        [](const auto& w) { return w.counters.ticks_slipped; });
    add("gantry_world_tick_seconds_p99", "99th percentile of the latest ticks.", MetricType::gauge,
        [](const auto& w) { return static_cast<double>(w.tick_ns_p99) / 1e9; });
}

Labels labels_of(const plugin::GenerationStatus& one) {
    return {{"plugin", one.plugin},
            {"version", one.version},
            {"generation", std::to_string(one.generation)}};
}

// Of each generation that is in a room: the new one and the one it is compared with, side by side.
void add_generations(std::vector<MetricFamily>& out,
                     const std::vector<plugin::GenerationStatus>& generations) {
    std::vector<plugin::GenerationStatus> in_rooms;
    std::vector<plugin::GenerationStatus> can_fault;  // also who stays in memory for its faults
    for (const plugin::GenerationStatus& one : generations) {
        if (!one.counted_in.empty()) in_rooms.push_back(one);
        if (!one.counted_in.empty() || one.faults != 0) can_fault.push_back(one);
    }
    MetricFamily info{"gantry_plugin_info",
                      "1 for each generation in a room; state: serves, parked, trial, predecessor.",
                      MetricType::gauge,
                      {},
                      {}};
    for (const plugin::GenerationStatus& one : in_rooms) {
        Labels labels = labels_of(one);
        labels.emplace_back("state", one.state);
        info.samples.push_back({std::move(labels), 1});
    }
    out.push_back(std::move(info));
    const auto add = [&](const char* name, const char* help, auto value) {
        out.push_back(family(name, help, MetricType::counter, in_rooms, labels_of,
                             [&](const auto& one) { return value(one.vitals); }));
    };
    add("gantry_plugin_messages_total",
        "Messages and calls given to a generation's handlers, layers, routes and services.",
        [](const auto& v) { return v.messages; });
    add("gantry_plugin_failures_total", "Exceptions in a generation's code.",
        [](const auto& v) { return v.failures; });
    add("gantry_plugin_errors_total", "Messages that a generation answered with an error.",
        [](const auto& v) { return v.errors; });
    add("gantry_plugin_handler_samples_total", "Messages that were timed: one a millisecond.",
        [](const auto& v) { return v.handler_samples; });
    add("gantry_plugin_handler_seconds_total", "Processor time of the messages that were timed.",
        [](const auto& v) { return static_cast<double>(v.handler_ns) / 1e9; });
    add("gantry_plugin_ticks_total", "Ticks of the worlds that a generation was in.",
        [](const auto& v) { return v.ticks; });
    add("gantry_plugin_tick_seconds_total",
        "Processor time of a generation's systems, timers, posted events and tasks.",
        [](const auto& v) { return static_cast<double>(v.tick_ns) / 1e9; });
    out.push_back(family("gantry_plugin_faults_total",
                         "Faults in a generation's code that were left.", MetricType::counter,
                         can_fault, labels_of, [](const auto& one) { return one.faults; }));
}

void add_plugins(std::vector<MetricFamily>& out, const plugin::ManagerSnapshot& snapshot) {
    add_generations(out, snapshot.generations);
    const plugin::ManagerCounters& c = snapshot.counters;
    MetricFamily swaps{
        "gantry_swaps_total", "Swaps by how they ended.", MetricType::counter, {}, {}};
    swaps.samples = {{{{"outcome", "committed"}}, static_cast<double>(c.swaps_committed)},
                     {{{"outcome", "refused"}}, static_cast<double>(c.swaps_refused)},
                     {{{"outcome", "given_up"}}, static_cast<double>(c.swaps_given_up)},
                     {{{"outcome", "rolled_back"}}, static_cast<double>(c.swaps_rolled_back)}};
    out.push_back(std::move(swaps));
    MetricFamily canaries{"gantry_canaries_total",
                          "Throw-away processes that tried a candidate, by how they ended.",
                          MetricType::counter,
                          {},
                          {}};
    for (std::size_t i = 0; i < c.canaries.size(); ++i) {
        const char* const name = canary_outcome_name(static_cast<plugin::CanaryOutcome>(i));
        canaries.samples.push_back({{{"outcome", name}}, static_cast<double>(c.canaries[i])});
    }
    out.push_back(std::move(canaries));
    out.push_back(single("gantry_libraries_unmapped_total", "Libraries proved to have left.",
                         MetricType::counter, static_cast<double>(c.libraries_unmapped)));
    out.push_back(single("gantry_libraries_leaked_total", "Libraries that could not leave.",
                         MetricType::counter, static_cast<double>(c.libraries_leaked)));
    out.push_back(single("gantry_faults_total", "Faults in plugins' code that were left.",
                         MetricType::counter, static_cast<double>(c.faults)));
    out.push_back(single("gantry_ranges_reserved", "Addresses of libraries that left, kept unused.",
                         MetricType::gauge, static_cast<double>(c.ranges_reserved)));
}

}  // namespace

std::vector<MetricFamily> metric_families(const std::vector<ShardMetrics>& shards,
                                          const std::vector<WorldMetrics>& worlds,
                                          const plugin::ManagerSnapshot& plugins,
                                          const HostCounts& host) {
    std::vector<MetricFamily> out;
    add_shards(out, shards);
    add_worlds(out, worlds);
    add_plugins(out, plugins);
    out.push_back(single("gantry_calls_refused_total",
                         "Calls of services that were refused, for too many waited.",
                         MetricType::counter, static_cast<double>(host.calls_refused)));
    out.push_back(single("gantry_protected_refused_total",
                         "Numbers that plugins wanted to protect beyond the limit.",
                         MetricType::counter, static_cast<double>(host.protected_refused)));
    out.push_back(single("gantry_stuck_calls_total", "Calls of plugins that lasted too long.",
                         MetricType::counter, static_cast<double>(host.stuck_calls)));
    out.push_back(single("gantry_threads_replaced_total",
                         "Threads of workers that were stuck in a call that could not be left.",
                         MetricType::counter, static_cast<double>(host.threads_replaced)));
    out.push_back(single("gantry_worlds_stuck", "Worlds that stand still with such a thread.",
                         MetricType::gauge, static_cast<double>(host.worlds_stuck)));
    out.push_back(single("gantry_stuck_refused_total",
                         "Messages and work for such a world, beyond what may wait for it.",
                         MetricType::counter, static_cast<double>(host.refused_for_stuck)));
    out.push_back(single("gantry_threads_held",
                         "Threads of plugins' own that stand still after a fault; of 16 at most.",
                         MetricType::gauge, host.threads_held));
    const platform::ProcessCounts process = platform::process_counts();
    out.push_back(single("process_resident_memory_bytes", "Resident memory.", MetricType::gauge,
                         static_cast<double>(process.resident_bytes)));
    out.push_back(
        single("process_open_fds", "Open descriptors.", MetricType::gauge, process.descriptors));
    out.push_back(single("process_threads", "Threads.", MetricType::gauge, process.threads));
    out.push_back(
        single("process_mappings", "Memory mappings.", MetricType::gauge, process.mappings));
    return out;
}

}  // namespace gantry::app
