// Ledger: all that one instance owns in its world.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "gantry/net.h"
#include "gantry/schedule.h"
#include "host/route/room_services.h"
#include "host/route/session_followers.h"
#include "host/world/waiting_requests.h"

namespace gantry::world {

/// What the instance registered. World builds its dispatch tables from the ledgers of the instances
/// that serve, so nothing of an instance is reachable once it is off that list.
struct Ledger {
    struct Route {
        std::uint16_t id;
        std::string name;
        MessageFunction function;
        void* context;
    };
    struct SessionHook {
        SessionFunction opened;
        SessionFunction closed;
        void* context;
    };
    struct PressureHook {
        PressureFunction changed;
        void* context;
    };
    struct System {
        std::string name;
        Stage stage;
        SystemFunction run;
        void* context;
        std::vector<std::uint32_t> reads;
        std::vector<std::uint32_t> writes;
        std::vector<std::string> before;
        std::vector<std::string> after;
    };
    struct TimerHandler {
        std::string name;
        TimerFunction run;
        void* context;
    };
    struct Subscription {
        std::string event;
        EventFunction handler;
        void* context;
    };
    struct Task {
        std::uint64_t id;
        std::string name;
        std::string where;  ///< file:line of the wait
        TimeNs since;
        void (*resume)(void* frame) noexcept;
        void (*destroy)(void* frame) noexcept;
        void* frame;
        std::uint64_t timer;  ///< that will resume it, or 0
        bool offloaded;       ///< on the pool; it cannot be cancelled before it comes back
        std::string restart;  ///< the timer handler that begins it again; empty: none does
        std::string argument{};
        WaitingRequests::Key request{};  ///< that it works for
    };

    std::vector<Route> routes;
    std::vector<SessionHook> session_hooks;
    std::vector<PressureHook> pressure_hooks;
    std::vector<System> systems;
    std::vector<TimerHandler> timer_handlers;
    std::vector<Subscription> subscriptions;
    route::SessionFollowers::List followers;
    std::vector<route::ProvidedService> provided;
    std::vector<route::ServedService> served;
    std::unordered_map<std::uint64_t, Task> tasks;
    bool wants_network_events = false;

    /// How much was registered, of all kinds.
    std::size_t registrations() const noexcept {
        return routes.size() + session_hooks.size() + pressure_hooks.size() + systems.size() +
               timer_handlers.size() + subscriptions.size() + followers.size() + provided.size() +
               served.size();
    }
};

}  // namespace gantry::world
