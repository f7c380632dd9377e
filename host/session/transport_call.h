// How the transport of a plugin is called: contained as its layers are.
#pragma once
#include <string_view>

#include "host/route/facet_instance.h"

namespace gantry::session {

/// False when the instance is parked, or this call has faulted and parked it. [io]
template <class Body>
bool call_transport(route::FacetInstance& instance, std::string_view what, Body&& body) {
    return route::call_facet(instance, core::CallKind::transport, what, body);
}

/// The same where something is given back or handed over: a parked one does that, too, or its peers
/// would wait for ever. False only when the call has faulted. [io]
template <class Body>
bool call_leaving(route::FacetInstance& instance, std::string_view what, Body&& body) {
    constexpr auto kind = core::CallKind::transport;
    return route::guarded_call(instance.owner(), instance.contained(), kind, body,
                               [&](const platform::Fault& fault) {
                                   if (!instance.parked()) instance.left_by(fault, kind, what);
                               });
}

}  // namespace gantry::session
