// make_object: a plugin's own object, made in its own code.
#pragma once
#include <string>

#include "gantry/plugin.h"
#include "host/core/owner.h"
#include "host/core/result.h"
#include "host/route/surroundings.h"

namespace gantry::route {

/// Where `create` makes none the error is one sentence. A fault in there is contained as in any
/// other call, and the host is told. `room` as in "world arena".
Result<Plugin*> make_object(const core::Owner& owner, bool contained, CreateFunction create,
                            Surroundings& surroundings, const std::string& room);

}  // namespace gantry::route
