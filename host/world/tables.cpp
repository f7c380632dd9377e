#include "host/world/tables.h"

namespace gantry::world {
namespace {

Result<Done> add_routes(Tables& tables, WorldInstance& instance) {
    for (const Ledger::Route& route : instance.ledger().routes) {
        auto added = tables.routes.add(
            {route.function, route.context, &instance, &instance.owner(), route.id, route.name});
        if (!added) return added;
    }
    return Done{};
}

void add_hooks(Tables& tables, WorldInstance& instance) {
    const Ledger& ledger = instance.ledger();
    for (const auto& hook : ledger.session_hooks) {
        tables.session_hooks.push_back({hook.opened, hook.closed, hook.context, &instance});
    }
    for (const auto& hook : ledger.pressure_hooks) {
        tables.pressure_hooks.push_back({hook.changed, hook.context, &instance});
    }
    for (const auto& handler : ledger.timer_handlers) {
        tables.timer_handlers[{instance.owner().id, handler.name}] = {handler.run, handler.context,
                                                                      &instance};
    }
    for (const auto& one : ledger.subscriptions) {
        tables.subscribers[one.event].push_back({one.handler, one.context, &instance});
    }
    tables.followers.add(ledger.followers);
    tables.wants_network_events |= ledger.wants_network_events;
}

Result<Done> check_services(const std::vector<WorldInstance*>& instances) {
    std::map<std::string, const WorldInstance*> providers;
    for (const WorldInstance* instance : instances) {
        for (const auto& provided : instance->ledger().provided) {
            const auto [taken, fresh] = providers.emplace(provided.name, instance);
            if (!fresh && taken->second != instance) {
                return Error{Status::already_exists,
                             "service " + provided.name + " of " + instance->owner().label +
                                 " is already provided by " + taken->second->owner().label};
            }
        }
    }
    return Done{};
}

}  // namespace

Result<std::unique_ptr<Tables>> Tables::build(const std::vector<WorldInstance*>& instances) {
    auto tables = std::make_unique<Tables>();
    std::vector<sched::System> systems;
    for (WorldInstance* instance : instances) {
        tables->by_owner[instance->owner().id] = instance;
        if (auto ok = add_routes(*tables, *instance); !ok) return ok.error();
        add_hooks(*tables, *instance);
        for (const auto& system : instance->ledger().systems) {
            systems.push_back({system.name, &instance->owner(), system.stage, system.run,
                               system.context, system.reads, system.writes, system.before,
                               system.after});
        }
    }
    if (auto ok = check_services(instances); !ok) return ok.error();
    auto graph = sched::StageGraph::build(std::move(systems));
    if (!graph) return graph.error();
    tables->graph = std::move(*graph);
    return tables;
}

}  // namespace gantry::world
