// Tables: what the instances that serve have published, ready to dispatch. Built beside, then
// swapped.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/route/route_table.h"
#include "host/sched/stage_graph.h"
#include "host/world/instance.h"

namespace gantry::world {

using WorldRouteTable = route::RouteTable<MessageFunction, WorldInstance>;

struct Tables {
    template <class Function>
    struct Hook {
        Function function = nullptr;
        void* context = nullptr;
        WorldInstance* instance = nullptr;
    };
    struct SessionHook {
        SessionFunction opened = nullptr;
        SessionFunction closed = nullptr;
        void* context = nullptr;
        WorldInstance* instance = nullptr;
    };

    WorldRouteTable routes;
    std::map<std::uint32_t, WorldInstance*> by_owner;
    std::vector<SessionHook> session_hooks;
    std::vector<Hook<PressureFunction>> pressure_hooks;
    route::SessionFollowers followers;
    sched::StageGraph graph;
    /// By owner and handler name: a timer finds the code of the generation that serves.
    std::map<std::pair<std::uint32_t, std::string>, Hook<TimerFunction>> timer_handlers;
    std::map<std::string, std::vector<Hook<EventFunction>>, std::less<>> subscribers;
    bool wants_network_events = false;

    /// Refuses two owners of one message id or service, naming both, and a circle of systems.
    static Result<std::unique_ptr<Tables>> build(const std::vector<WorldInstance*>& instances);
};

}  // namespace gantry::world
