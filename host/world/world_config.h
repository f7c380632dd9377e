// WorldConfig and WorldCounters: what a world is told, and what it counts.
#pragma once
#include <cstdint>
#include <string>

#include "gantry/types.h"

namespace gantry::world {

struct WorldConfig {
    WorldId id;
    std::string name;
    double tick_hz = 20;
    std::uint32_t catch_up_steps_max = 5;
    std::uint32_t entities_max = 1'000'000;
    std::uint32_t timers_max = 262'144;
    std::uint32_t unknown_ids_max = 16;
    std::uint32_t posted_events_max = 65'536;
    std::uint64_t held_bytes_max = 64 * 1024 * 1024;
    std::uint64_t seed = 1;
};

struct WorldCounters {
    std::uint64_t messages = 0;
    std::uint64_t replies = 0;
    std::uint64_t failed = 0;  ///< handlers that did not answer ok
    std::uint64_t unknown_ids = 0;
    std::uint64_t ticks = 0;
    std::uint64_t ticks_slipped = 0;  ///< steps given up after catch_up_steps_max
    std::uint64_t held = 0;           ///< messages that waited for a swap
    std::uint64_t refused_events = 0;
    std::uint64_t late_messages = 0;  ///< of sessions that had left
    std::uint64_t timers_without_handler = 0;
    std::uint64_t components_left_behind = 0;  ///< of sessions that moved here
    TimeNs tick_ns_last = 0;
    TimeNs tick_ns_max = 0;
    TimeNs hold_ns_max = 0;
};

}  // namespace gantry::world
