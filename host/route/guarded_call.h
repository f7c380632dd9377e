// guarded_call: into a plugin's code, under its name, and out again even by a fault.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>

#include "host/core/plugin_call.h"
#include "host/platform/fault.h"
#include "host/platform/throw_trace.h"
#include "host/route/surroundings.h"

namespace gantry::route {

/// Runs `body` as a call of `owner`. When it is `contained` and a fault ended it, calls
/// `left(fault)` and is false.
template <class Body, class Left>
bool guarded_call(const core::Owner& owner, bool contained, core::CallKind kind, Body&& body,
                  Left&& left) {
    const core::PluginCall who{owner, kind};
    platform::forget_thrown();
    if (!contained) {
        body();
        return true;
    }
    platform::Fault fault;
    using Plain = std::remove_reference_t<Body>;
    const auto run = [](void* context) { (*static_cast<Plain*>(context))(); };
    if (platform::run_guarded(run, const_cast<std::remove_const_t<Plain>*>(&body), fault))
        [[likely]]
        return true;
    left(fault);
    return false;
}

/// In words. `what` names the handler, layer or system.
FaultReport fault_report(const platform::Fault& fault, core::CallKind kind, std::string_view what,
                         std::string room);
/// Of a thread that a plugin started by itself. `inside` as in Blame.
FaultReport own_thread_report(const platform::Fault& fault, std::string inside);

}  // namespace gantry::route
