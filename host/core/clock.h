// Clock: the one place time comes from. A test drives ManualClock; the host reads SystemClock.
#pragma once
#include <atomic>

#include "gantry/types.h"

namespace gantry::core {

class Clock {
public:
    virtual ~Clock() = default;
    /// Monotonic nanoseconds. [any thread]
    virtual TimeNs now() const noexcept = 0;
    /// Nanoseconds since 1970-01-01 UTC, for people and calendars only. [any thread]
    virtual TimeNs wall_now() const noexcept = 0;
    /// Processor time of the calling thread: what its work costs, whatever else the machine does.
    /// Costs some hundred nanoseconds. [any thread]
    virtual TimeNs thread_time() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    TimeNs now() const noexcept override;
    TimeNs wall_now() const noexcept override;
    TimeNs thread_time() const noexcept override;
};

/// Stands still until advanced. Starts at one second, so that "now minus a while" stays positive.
class ManualClock final : public Clock {
public:
    TimeNs now() const noexcept override { return now_.load(std::memory_order_relaxed); }
    TimeNs wall_now() const noexcept override { return now(); }
    TimeNs thread_time() const noexcept override { return now(); }
    void advance(TimeNs by) noexcept { now_.fetch_add(by, std::memory_order_relaxed); }

private:
    std::atomic<TimeNs> now_{ns_per_s};
};

}  // namespace gantry::core
