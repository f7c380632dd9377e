// SessionFollowers: the plugins of one room that follow its sessions (gantry/session_events.h).
#pragma once
#include <vector>

#include "gantry/session_events.h"
#include "host/core/owner.h"

namespace gantry::route {

/// Told at once, on the room's thread: nothing waits, so nothing has to be limited.
class SessionFollowers {
public:
    struct Follower {
        std::uint32_t kinds = 0;
        SessionEventFunction told = nullptr;
        void* context = nullptr;
        const core::Owner* owner = nullptr;
    };
    using List = std::vector<Follower>;

    void add(const List& more) {
        for (const Follower& one : more) kinds_ |= one.kinds;
        followers_.insert(followers_.end(), more.begin(), more.end());
    }
    std::uint32_t kinds() const noexcept { return kinds_; }
    bool want(SessionEventKind kind) const noexcept {
        return (kinds_ & session_kinds::bit(kind)) != 0;
    }
    /// `call(follower, body)` runs the body as that plugin. What a follower does within it is not
    /// told: it would hear itself without end.
    template <class Call>
    void tell(const SessionEvent& event, Call&& call) {
        if (telling_ || !want(event.kind)) return;
        telling_ = true;
        for (const Follower& one : followers_) {
            if ((one.kinds & session_kinds::bit(event.kind)) == 0) continue;
            call(one, [&] { one.told(one.context, &event); });
        }
        telling_ = false;
    }

private:
    List followers_;
    std::uint32_t kinds_ = 0;
    bool telling_ = false;
};

}  // namespace gantry::route
