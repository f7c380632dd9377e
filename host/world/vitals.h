// Vitals: how one generation of a plugin fares in one world. Written there, read by the control
// room.
#pragma once
#include <atomic>
#include <cstdint>

namespace gantry::world {

/// Plain counts, relaxed: who reads them compares differences over a time. [any thread]
struct Vitals {
    using Count = std::atomic<std::uint64_t>;
    Count messages{0};
    Count failures{0};         ///< handlers that did not answer ok, and what was reported
    Count handler_samples{0};  ///< messages that were timed: the first of each millisecond
    Count handler_ns{0};
    Count ticks{0};
    Count tick_ns{0};  ///< of its systems
    Count tasks{0};    ///< now
    Count timers{0};   ///< now

    static void add(Count& count, std::uint64_t more) noexcept {
        count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
};

}  // namespace gantry::world
