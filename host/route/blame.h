// Whom a fault is laid to, when plugins had called each other.
#pragma once
#include <functional>
#include <string>

#include "host/platform/fault.h"

namespace gantry::route {

struct Blame {
    std::string label;   ///< "arena@2.0.0#3"
    std::string inside;  ///< whose code it was, where that is another's; else empty
};

/// Whose code it was, unless it had been called, directly or by others, by a version that is new
/// here: that one comes first, for without it the other ran well. `called` is whom the host called,
/// `wanted_by` who had asked the host for that, if a plugin had; else empty. What plugins do
/// through other calls that had returned before is not seen.
Blame to_blame(const platform::Fault& fault, const std::string& called,
               const std::string& wanted_by,
               const std::function<bool(const std::string& label)>& is_new);

}  // namespace gantry::route
