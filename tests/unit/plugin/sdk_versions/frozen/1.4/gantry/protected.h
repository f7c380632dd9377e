// gantry/protected.h: "gantry.protected/1", numbers that only grow, whatever becomes of the version
// that raised them.
#pragma once
#include <cstdint>

#include "gantry/types.h"

namespace gantry {

/// For what protects: revocations, used nonces, replay windows, resume sequences. The private state
/// of a version that crashes in its probation goes back to the hand-over; these numbers never do.
/// The host keeps them for each plugin's name in each room (a world, a shard, the service), until
/// the process ends. All generations of the plugin there share them; no other plugin and no other
/// room sees them. All calls [own thread].
struct Protected {
    static constexpr const char* interface_id = "gantry.protected/1";

    /// The number under `key` becomes `value`, unless it is higher already. It is kept until
    /// `until` of Runtime::now() (INT64_MAX: for good), unless it was to be kept for longer; then
    /// it is forgotten. `invalid` when `until` has passed. `limit` when 262,144 numbers are kept
    /// here and this would be one more: from then until `until` every number that is not kept
    /// counts as UINT64_MAX, so that nothing passes for what could not be written down. The host
    /// counts that in gantry_protected_refused_total.
    virtual Status raise(std::uint64_t key, std::uint64_t value, TimeNs until) noexcept = 0;
    /// The number under `key`; 0 when it was never raised, or is forgotten.
    virtual std::uint64_t raised(std::uint64_t key) noexcept = 0;

protected:
    ~Protected() = default;
};

}  // namespace gantry
