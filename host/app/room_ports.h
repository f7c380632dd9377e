// Ways to the rooms of a host, for ask_rooms().
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/app/host.h"

namespace gantry::app {

/// Whether the thread that drives this room is known to be stuck, and nobody has taken over.
inline bool is_stuck(const std::vector<StuckCall>& stuck, const std::string& room) {
    return std::any_of(stuck.begin(), stuck.end(), [&](const StuckCall& call) {
        return call.keeps.empty() && (call.thread == room || call.thread.starts_with(room + "-"));
    });
}

/// None to a worker that is stuck: waiting for it would be in vain.
inline std::vector<route::PostToRoom> worker_ports(const Host& host) {
    const std::vector<StuckCall> stuck = host.watchdog().stuck();
    std::vector<route::PostToRoom> ports;
    for (std::size_t i = 0; i < host.rooms().workers.size(); ++i) {
        const bool away = is_stuck(stuck, fmt::format("worker-{}", i));
        ports.push_back(away ? route::PostToRoom{} : host.rooms().workers[i]->port());
    }
    return ports;
}

/// The same of shards.
inline std::vector<route::PostToRoom> shard_ports(const Host& host) {
    const std::vector<StuckCall> stuck = host.watchdog().stuck();
    std::vector<route::PostToRoom> ports;
    for (std::size_t i = 0; i < host.rooms().shards.size(); ++i) {
        auto& port = ports.emplace_back();
        if (is_stuck(stuck, fmt::format("shard-{}", i))) continue;
        port = [shard = host.rooms().shards[i]](std::function<void()> work) {
            if (shard->inbox().post(std::move(work))) shard->wake();
        };
    }
    return ports;
}

}  // namespace gantry::app
