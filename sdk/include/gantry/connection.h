// gantry/connection.h: the component that the host puts on every session's entity.
#pragma once
#include "gantry/ecs/component.h"

namespace gantry {

/// Read it in systems and queries; the host writes it, once a tick.
struct Connection {
    std::uint64_t session = 0;  ///< SessionId::value
    TimeNs since = 0;
    TimeNs last_activity = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t messages_out = 0;
    char remote[64] = {};    ///< "127.0.0.1:41234"
    char protocol[16] = {};  ///< "tcp", "ws"
};
GANTRY_COMPONENT_AS("gantry.connection", Connection, 1, GANTRY_FIELD(session), GANTRY_FIELD(since),
                    GANTRY_FIELD(last_activity), GANTRY_FIELD(messages_in), GANTRY_FIELD(bytes_in),
                    GANTRY_FIELD(messages_out), GANTRY_FIELD(remote), GANTRY_FIELD(protocol))

}  // namespace gantry
