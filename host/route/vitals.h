// Vitals: how one generation of a plugin fares in one room. Written there, read by the control
// room.
#pragma once
#include <atomic>
#include <cstdint>

#include "gantry/runtime.h"  // Facet

namespace gantry::route {

/// Plain counts, relaxed: who reads them compares differences over a time. [any thread]
struct Vitals {
    using Count = std::atomic<std::uint64_t>;
    Count messages{0};         ///< that it was given: by worlds, layers, routes, calls of services
    Count failures{0};         ///< exceptions, as the plugin's side of the boundary reports them
    Count errors{0};           ///< messages answered with an error, or whose handler was not ok
    Count handler_samples{0};  ///< messages that were timed: the first of each millisecond
    Count handler_ns{0};
    Count ticks{0};
    Count tick_ns{0};  ///< of its systems, and of timers, posted events and tasks beside them

    /// Only the like is compared: a trial has no part on shards.
    Facet facet = Facet::world;

    static void add(Count& count, std::uint64_t more) noexcept {
        count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
    void add_sample(TimeNs took) noexcept {
        add(handler_samples, 1);
        add(handler_ns, static_cast<std::uint64_t>(took));
    }
};

/// The first message of a millisecond is timed, for that is a call of the system: each one of a
/// quiet room, one of hundreds in a busy one.
class Sampler {
public:
    bool wants(TimeNs now) noexcept {
        if (now < next_) return false;
        next_ = now + ns_per_ms;
        return true;
    }

private:
    TimeNs next_ = 0;
};

}  // namespace gantry::route
