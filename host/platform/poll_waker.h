// PollWaker: a Waker for a thread that waits for descriptors, too.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>

#include "gantry/types.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {

/// A wake that comes between the sleeper's last look and its sleep is not lost.
class PollWaker {
public:
    PollWaker() noexcept;

    /// Ends the present or the next sleep. A system call only when somebody sleeps. [any thread]
    void wake() noexcept;
    /// Sleeps until wake(), until one of `readable` is, or for `duration` at most; at once when
    /// wake() came before. May end early. [one thread]
    void sleep(TimeNs duration, std::span<const int> readable = {}) noexcept;

private:
    enum : std::uint32_t { idle, asleep, woken };
    std::atomic<std::uint32_t> state_{idle};
    Descriptor event_;  // of the system; where it had none left, sleeps are short
};

}  // namespace gantry::platform
