// call_plugin: the one way from a world into a plugin's code.
#pragma once
#include <string_view>
#include <type_traits>

#include "host/core/plugin_call.h"
#include "host/platform/fault.h"
#include "host/world/instance.h"

namespace gantry::world {

/// Runs `body`, which calls into the plugin. False when the plugin is parked, or when a fault ended
/// the call: then it is parked from here on, and the world has been told. `what` names the handler
/// or system. [world]
template <class F>
bool call_plugin(WorldInstance& instance, core::CallKind kind, std::string_view what, F&& body) {
    if (instance.parked()) [[unlikely]]
        return false;
    const core::PluginCall who{instance.owner(), kind};
    if (!instance.contained()) {
        body();
        return true;
    }
    const std::uint32_t loops = instance.open_loops();
    platform::Fault fault;
    using Body = std::remove_reference_t<F>;
    const auto run = [](void* context) { (*static_cast<Body*>(context))(); };
    if (platform::run_guarded(run, const_cast<std::remove_const_t<Body>*>(&body), fault)) [[likely]]
        return true;
    instance.left_by(fault, kind, what, loops);
    return false;
}

}  // namespace gantry::world
