// SessionWatch: told what sessions do, for whoever follows them; asks for nothing while nobody
// does.
#pragma once
#include "gantry/session_events.h"

namespace gantry::session {

/// Called by every shard on its own thread, so it must be safe on [any thread].
class SessionWatch {
public:
    virtual ~SessionWatch() = default;
    /// session_kinds; looked at once a turn.
    virtual std::uint32_t wanted() const noexcept = 0;
    virtual void tell(const SessionEvent& event) = 0;
};

}  // namespace gantry::session
