// What makes a process one that may be thrown away.
#pragma once
#include <cstdint>

namespace gantry::platform {

/// From now on this process leaves no core file, gets no more memory than throw_away_mib_max(), is
/// the first that a system without memory ends, and ends by itself some time after `limit_ms`
/// should nobody do it.
void become_throw_away(std::uint32_t limit_ms) noexcept;

/// Half of what the machine has, 4096 at most. Without a limit in a sanitized build.
std::uint64_t throw_away_mib_max() noexcept;

}  // namespace gantry::platform
