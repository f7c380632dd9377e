// gantry/cpp/duration.h: std::chrono's durations in the host's nanoseconds.
#pragma once
#include <chrono>

#include "gantry/types.h"

namespace gantry::detail {

template <class Rep, class Period>
constexpr TimeNs to_ns(std::chrono::duration<Rep, Period> duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace gantry::detail
