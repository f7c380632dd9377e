// How many processors this process may use.
#pragma once
#include <cstdint>

namespace gantry::platform {

/// The smaller of the affinity mask and the control group's quota, at least 1. [any thread]
std::uint32_t processor_count();

/// The name of the calling thread in debuggers and in `top -H`, cut to what the system takes.
void name_thread(const char* name) noexcept;

}  // namespace gantry::platform
