// How much one instance may register in its room: routes, layers, systems, handlers, services.
#pragma once
#include <cstddef>
#include <string>

#include "host/core/log.h"

namespace gantry::route {

/// Of all kinds together: tables are built of all of it at every swap.
inline constexpr std::size_t registrations_max = 16'384;

/// True at the limit, and the log says so once: `told` remembers.
inline bool registers_too_much(std::size_t registered, const std::string& label, bool& told) {
    if (registered < registrations_max) return false;
    if (!told) {
        log::error("{} registers more than {} things in one room; register one handler for many",
                   label, registrations_max);
    }
    told = true;
    return true;
}

}  // namespace gantry::route
