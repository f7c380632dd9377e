// The processors that this process may use, and how its threads share them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace gantry::platform {

/// The smaller of the affinity mask and the control group's quota, at least 1. [any thread]
std::uint32_t processor_count();

/// The numbers of those in the affinity mask. [any thread]
std::vector<std::uint32_t> own_processors();

/// The calling thread, and those that it starts from now on, run on these alone.
void run_on(std::span<const std::uint32_t> processors) noexcept;

/// The name of the calling thread in debuggers and in `top -H`, cut to what the system takes.
void name_thread(const char* name) noexcept;

/// For a thread that others wait for, and that works in short turns: on a busy processor it comes
/// before one of equal weight that has a long turn, which the share of neither changes. Where the
/// system cannot, nothing happens. Source: `sched_runtime` in sched_setattr(2), for ordinary
/// threads since Linux 6.12.
void take_short_turns() noexcept;

/// From now on the calling thread runs where and when no other wants to; there may be no way back.
/// Source: SCHED_IDLE in sched(7).
void give_way() noexcept;

}  // namespace gantry::platform
