// What a ForkServer and its process say to each other. An order comes with three descriptors: where
// to answer, the pipe of the reports, that of the output.
#pragma once
#include <array>
#include <cstddef>

#include "host/platform/process_end.h"

namespace gantry::platform {

inline constexpr std::size_t order_descriptors = 3;

/// The only answer, when the process has ended.
struct ForkAnswer {
    int error = 0;  ///< of the system: there never was a process
    ProcessEnd end;
};

}  // namespace gantry::platform
