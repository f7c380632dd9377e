// gantry/cpp/system_options.h: what a system touches, and which systems it runs before and after.
#pragma once
#include <cstdint>
#include <vector>

#include "gantry/schedule.h"

namespace gantry {

/// What a system touches and when it runs; components are deduced from views where you use them.
struct SystemOptions {
    std::vector<std::uint32_t> reads = {};
    std::vector<std::uint32_t> writes = {};
    std::vector<Str> before = {};
    std::vector<Str> after = {};
};

}  // namespace gantry
