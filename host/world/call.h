// call_plugin: the one way from a world into a plugin's code.
#pragma once
#include <string_view>

#include "host/core/clock.h"
#include "host/route/guarded_call.h"
#include "host/world/instance.h"

namespace gantry::world {

/// Runs `body`, which calls into the plugin. False when the plugin is parked, or when a fault ended
/// the call: then it is parked from here on, and the world has been told. `what` names the handler
/// or system. [world]
template <class F>
bool call_plugin(WorldInstance& instance, core::CallKind kind, std::string_view what, F&& body) {
    if (instance.parked()) [[unlikely]]
        return false;
    const std::uint32_t loops = instance.open_loops();
    return route::guarded_call(
        instance.owner(), instance.contained(), kind, body,
        [&](const platform::Fault& fault) { instance.left_by(fault, kind, what, loops); });
}

/// The same for what the plugin does beside messages: its time is counted with that of its ticks.
template <class F>
bool call_beside(WorldInstance& instance, const core::Clock& clock, core::CallKind kind,
                 std::string_view what, F&& body) {
    const TimeNs begin = clock.thread_time();
    const bool returned = call_plugin(instance, kind, what, body);
    route::Vitals& vitals = instance.vitals();
    vitals.add(vitals.tick_ns, static_cast<std::uint64_t>(clock.thread_time() - begin));
    return returned;
}

}  // namespace gantry::world
