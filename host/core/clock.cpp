#include "host/core/clock.h"

#include <time.h>

#include <chrono>

namespace gantry::core {

TimeNs SystemClock::now() const noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

TimeNs SystemClock::wall_now() const noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

TimeNs SystemClock::thread_time() const noexcept {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return spent.tv_sec * ns_per_s + spent.tv_nsec;
}

}  // namespace gantry::core
