// The host's counters as metric families, in the words of Prometheus.
#pragma once
#include <string>
#include <vector>

#include "host/admin/backend.h"
#include "host/plugin/plugin_manager.h"
#include "host/session/io_room.h"
#include "host/world/world.h"

namespace gantry::app {

struct ShardMetrics {
    std::size_t shard = 0;
    net::ShardCounters net;
    session::IoCounters io;
    std::uint32_t sessions = 0;
};

struct WorldMetrics {
    std::string world;
    world::WorldCounters counters;
    ecs::WorldStats entities;
    std::uint32_t sessions = 0;
    TimeNs tick_ns_p99 = 0;
};

struct HostCounts {
    std::uint64_t protected_refused = 0;
    std::uint64_t calls_refused = 0;
    std::uint64_t stuck_calls = 0;
    std::uint64_t threads_replaced = 0;
    std::uint64_t worlds_stuck = 0;  ///< now
    std::uint64_t refused_for_stuck = 0;
    std::uint32_t threads_held = 0;  ///< now
};

std::vector<admin::MetricFamily> metric_families(const std::vector<ShardMetrics>& shards,
                                                 const std::vector<WorldMetrics>& worlds,
                                                 const plugin::ManagerSnapshot& plugins,
                                                 const HostCounts& host);

}  // namespace gantry::app
