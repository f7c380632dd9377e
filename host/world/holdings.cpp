#include "host/world/holdings.h"

#include <fmt/format.h>

#include "host/world/world.h"

namespace gantry::world {
namespace {

Holding holding_of(const WorldInstance& instance, std::string sentence, TimeNs now) {
    Holding holding{instance.owner().label, {std::move(sentence)}};
    for (std::string& left : instance.leftovers(now)) holding.what.push_back(std::move(left));
    return holding;
}

}  // namespace

std::vector<Holding> holdings(const World& world) {
    std::vector<Holding> list;
    const std::string& name = world.config().name;
    for (const auto& one : world.instances_) {
        const Ledger& ledger = one->ledger();
        list.push_back(holding_of(
            *one,
            fmt::format("serves world {}: {} routes, {} systems, {} timers, {} tasks", name,
                        ledger.routes.size(), ledger.systems.size(),
                        world.timers_.count(one->owner().id, sched::TimerKind::portable) +
                            world.timers_.count(one->owner().id, sched::TimerKind::function),
                        ledger.tasks.size()),
            world.now_));
    }
    for (const auto& replaced : world.replaced_) {
        for (const auto& one : replaced.instances) {
            list.push_back(holding_of(*one.instance,
                                      fmt::format("is kept for a rollback in world {}", name),
                                      world.now_));
        }
    }
    for (const auto& one : world.parked_) {
        list.push_back(
            holding_of(*one, fmt::format("is parked after a fault in world {}", name), world.now_));
    }
    return list;
}

}  // namespace gantry::world
