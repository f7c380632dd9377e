// RoomPorts: ways to the rooms of a host, for ask_rooms().
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/app/host.h"

namespace gantry::app {

/// Whether the thread that drives this room is known to be stuck, and nobody has taken over.
inline bool is_stuck(const std::vector<StuckCall>& stuck, const std::string& room) {
    return std::any_of(stuck.begin(), stuck.end(), [&](const StuckCall& call) {
        return call.keeps.empty() && (call.thread == room || call.thread.starts_with(room + "-"));
    });
}

/// Whether a room still owes its last answer.
using Owes = std::shared_ptr<std::atomic<bool>>;

/// A way for one question; none while an earlier one waits: so whatever keeps a room costs one
/// answer the patience of ask_rooms(), and not each.
inline route::PostToRoom port_of_debtor(const Owes& owes, route::PostToRoom port) {
    if (owes->exchange(true)) return {};
    return [owes, port = std::move(port)](std::function<void()> work) {
        port([owes, work = std::move(work)] {
            owes->store(false);
            work();
        });
    };
}

/// [admin]
class RoomPorts {
public:
    explicit RoomPorts(Host& host) : host_{host} {}

    /// For one question. None to a worker that is stuck: waiting for it would be in vain.
    std::vector<route::PostToRoom> workers() {
        return ports("worker", host_.rooms().workers.size(), worker_owes_,
                     [this](std::size_t i) { return host_.rooms().workers[i]->port(); });
    }
    /// The same of shards.
    std::vector<route::PostToRoom> shards() { return shards(host_.rooms().shards.size()); }
    std::vector<route::PostToRoom> first_shard() { return shards(1); }
    route::PostToRoom service() {
        return [service = host_.rooms().service](std::function<void()> work) {
            if (service->inbox().post(std::move(work))) service->wake();
        };
    }

private:
    std::vector<route::PostToRoom> shards(std::size_t count) {
        return ports("shard", count, shard_owes_, [this](std::size_t i) {
            return [shard = host_.rooms().shards[i]](std::function<void()> work) {
                if (shard->inbox().post(std::move(work))) shard->wake();
            };
        });
    }
    template <class PortOf>
    std::vector<route::PostToRoom> ports(const char* kind, std::size_t count,
                                         std::vector<Owes>& owes, PortOf port_of) {
        const std::vector<StuckCall> stuck = host_.watchdog().stuck();
        while (owes.size() < count) owes.push_back(std::make_shared<std::atomic<bool>>(false));
        std::vector<route::PostToRoom> list(count);
        for (std::size_t i = 0; i < count; ++i) {
            if (is_stuck(stuck, fmt::format("{}-{}", kind, i))) continue;
            list[i] = port_of_debtor(owes[i], port_of(i));
        }
        return list;
    }

    Host& host_;
    std::vector<Owes> worker_owes_;
    std::vector<Owes> shard_owes_;
};

}  // namespace gantry::app
