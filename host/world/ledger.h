// Ledger: all that one instance owns in its world.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gantry/net.h"
#include "gantry/schedule.h"
#include "host/route/room_services.h"
#include "host/route/session_followers.h"
#include "host/world/waiting_requests.h"

namespace gantry::world {

/// Of a timer's key in the wheel, where the plugin's name stands in front of it.
inline std::string_view plain_key(std::string_view full) noexcept {
    return full.substr(full.find('\0') + 1);
}

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
        bool cancelled = false;          ///< while on the pool: its frame goes when that has ended
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
    TimeNs since = 0;  ///< it serves, or is kept, or leaves

    /// How much was registered, of all kinds.
    std::size_t registrations() const noexcept {
        return routes.size() + session_hooks.size() + pressure_hooks.size() + systems.size() +
               timer_handlers.size() + subscriptions.size() + followers.size() + provided.size() +
               served.size();
    }
};

}  // namespace gantry::world
