// gantry/cpp/handler_name.h: what a handler is called in lists, logs and incidents.
#pragma once
#include <cstdint>
#include <string>

#include "gantry/types.h"

namespace gantry::detail {

/// Its own name, or "message 2001".
inline std::string handler_name(Str name, std::uint16_t id) {
    return name.size != 0 ? std::string{name.view()} : "message " + std::to_string(id);
}

}  // namespace gantry::detail
