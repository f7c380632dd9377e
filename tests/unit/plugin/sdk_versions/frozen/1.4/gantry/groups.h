// gantry/groups.h: "gantry.groups/1", who is in a group of sessions (the groups of gantry/net.h).
#pragma once
#include "gantry/net.h"

namespace gantry {

/// All calls [world].
struct Groups {
    static constexpr const char* interface_id = "gantry.groups/1";

    /// Fills at most `capacity` ids, in no order; `*count` is how many members there are.
    /// `not_found` when there is no such group (any more).
    virtual Status members(GroupId group, SessionId* out, std::uint32_t capacity,
                           std::uint32_t* count) noexcept = 0;

protected:
    ~Groups() = default;
};

}  // namespace gantry
