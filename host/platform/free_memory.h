// Memory that was freed, but that the allocator keeps for later.
#pragma once

namespace gantry::platform {

/// Hands it back to the system, of the whole process. Takes up to some milliseconds. [any thread]
void give_back_free_memory() noexcept;

}  // namespace gantry::platform
