// What a shard's room tells of itself: counters and sessions.
#pragma once
#include <cstdint>
#include <string>

#include "gantry/types.h"
#include "host/net/shard.h"

namespace gantry::session {

/// The counters of the layer above the shard.
struct IoCounters {
    std::uint64_t messages_to_worlds = 0;
    std::uint64_t messages_from_worlds = 0;
    std::uint64_t layer_drops = 0;
    std::uint64_t layer_detains = 0;
    std::uint64_t layer_closes = 0;
    std::uint64_t layer_holds = 0;
    std::uint64_t waits_credit = 0;   ///< times a connection was not read for lack of credit
    std::uint64_t waits_ring = 0;     ///< for a full ring
    std::uint64_t undeliverable = 0;  ///< to sessions that were gone
    std::uint64_t no_world = 0;       ///< messages of sessions in no world that no route took
    std::uint64_t sessions_opened = 0;
    std::uint64_t sessions_closed = 0;
};

/// For the admin API.
struct SessionSnapshot {
    SessionId id;
    WorldId world;
    std::string remote;
    std::string protocol;
    std::uint32_t listener = 0;
    net::ConnectionStats stats;
    TimeNs since = 0;
};

}  // namespace gantry::session
