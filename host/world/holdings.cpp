#include "host/world/holdings.h"

#include <fmt/format.h>

#include "host/world/world.h"

namespace gantry::world {
namespace {

/// "for 12 ms": how long it does what it does now.
std::string what_for(const WorldInstance& instance, TimeNs now) {
    return fmt::format("for {} ms", (now - instance.ledger().since) / ns_per_ms);
}

}  // namespace

std::vector<Holding> holdings(const World& world) {
    std::vector<Holding> list;
    const std::string& name = world.config().name;
    const auto add = [&](const WorldInstance& one, std::string sentence) {
        Holding& holding = list.emplace_back(Holding{one.owner().label, {std::move(sentence)}});
        for (std::string& left : Leftovers{world, one, world.now_}.lines(Fate::none)) {
            holding.what.push_back(std::move(left));
        }
    };
    for (const auto& one : world.instances_) {
        const Ledger& ledger = one->ledger();
        const std::uint32_t own = world.timers_.count(one->owner().id, sched::TimerKind::function);
        add(*one, fmt::format(
                      "serves world {} {}: {} routes, {} systems, {} subscriptions, {} services, "
                      "{} timers ({} private), {} tasks",
                      name, what_for(*one, world.now_), ledger.routes.size(), ledger.systems.size(),
                      ledger.subscriptions.size(), ledger.provided.size() + ledger.served.size(),
                      own + world.timers_.count(one->owner().id, sched::TimerKind::portable), own,
                      ledger.tasks.size()));
    }
    for (const auto& replaced : world.replaced_) {
        for (const auto& one : replaced.instances) {
            add(*one.instance, fmt::format("is kept for a rollback in world {} {}", name,
                                           what_for(*one.instance, world.now_)));
        }
    }
    for (const auto& one : world.parked_) {
        add(*one, fmt::format("is parked after a fault in world {} {}", name,
                              what_for(*one, world.now_)));
    }
    for (const auto& one : world.leaving_) {
        add(*one, fmt::format("leaves world {} when its work on the pool has ended, {}", name,
                              what_for(*one, world.now_)));
    }
    return list;
}

}  // namespace gantry::world
