// Waker: lets one thread sleep until another has something for it.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>

#include "gantry/types.h"
#include "host/platform/wake_pipe.h"

namespace gantry::platform {

/// A wake that comes between the sleeper's last look and its sleep is not lost.
class Waker {
public:
    /// Ends the present or the next sleep. A system call only when somebody sleeps. [any thread]
    void wake() noexcept;
    /// Sleeps until wake(), until one of the descriptors `readable` is, or for `duration` at most;
    /// at once when wake() came before. May end early. [one thread]
    void sleep(TimeNs duration, std::span<const int> readable = {}) noexcept;

private:
    enum : std::uint32_t { idle, asleep, woken };
    std::atomic<std::uint32_t> state_{idle};
    WakePipe pipe_;  // where there is none, sleeps are short
};

}  // namespace gantry::platform
