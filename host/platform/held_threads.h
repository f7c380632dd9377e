// Threads that plugins started by themselves: one that faults stands still, and the host goes on.
#pragma once
#include <cstdint>
#include <optional>

#include "host/platform/fault.h"

namespace gantry::platform {

/// Each keeps its stack, and whatever lock of its plugin it held. One more ends the process.
constexpr std::uint32_t held_threads_max = 16;

/// Files the fault, and never returns; but at the limit it does nothing. [signal handlers]
void hold_thread(const Fault& fault) noexcept;
/// The next that was filed. Each is told once. [control]
std::optional<Fault> take_held_fault() noexcept;
/// How many stand still. [any thread]
std::uint32_t held_threads() noexcept;

}  // namespace gantry::platform
