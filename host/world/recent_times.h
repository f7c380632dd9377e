// RecentTimes: the last 256 durations of something, for percentiles that people read.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>

#include "gantry/types.h"

namespace gantry::world {

class RecentTimes {
public:
    void add(TimeNs duration) noexcept {
        times_[count_ % times_.size()] = duration;
        ++count_;
    }
    /// `share` in [0, 1]; 0 when nothing was added.
    TimeNs percentile(double share) const noexcept {
        const std::size_t size = std::min(count_, times_.size());
        if (size == 0) return 0;
        auto sorted = times_;
        std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(size));
        return sorted[std::min(size - 1,
                               static_cast<std::size_t>(share * static_cast<double>(size)))];
    }

private:
    std::array<TimeNs, 256> times_{};
    std::size_t count_ = 0;
};

}  // namespace gantry::world
