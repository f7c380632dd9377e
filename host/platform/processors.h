// The processors that this process may use, and how its threads share them.
#pragma once
#include <cstdint>

namespace gantry::platform {

/// The smaller of the affinity mask and the control group's quota, at least 1. [any thread]
std::uint32_t processor_count();

/// The name of the calling thread in debuggers and in `top -H`, cut to what the system takes.
void name_thread(const char* name) noexcept;

/// For a thread that others wait for, and that works in short turns: on a busy processor it comes
/// before one of equal weight that has a long turn, which the share of neither changes. Where the
/// system cannot, nothing happens. Source: `sched_runtime` in sched_setattr(2), for ordinary
/// threads since Linux 6.12.
void take_short_turns() noexcept;

}  // namespace gantry::platform
