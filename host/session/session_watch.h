// SessionWatch: told what sessions do, for whoever follows them; asks for nothing while nobody
// does.
#pragma once
#include <cstdint>
#include <string_view>

#include "gantry/types.h"

namespace gantry::session {

/// Called by every shard on its own thread, so it must be safe on [any thread].
class SessionWatch {
public:
    virtual ~SessionWatch() = default;
    virtual bool wanted() const noexcept = 0;
    virtual void established(SessionId session, std::string_view remote) = 0;
    virtual void received(SessionId session, std::uint16_t message_id, std::uint64_t bytes) = 0;
    virtual void sent(SessionId session, std::uint16_t message_id, std::uint64_t bytes) = 0;
    /// `failed`: not an orderly end.
    virtual void closed(SessionId session, std::string_view reason, bool failed) = 0;
};

}  // namespace gantry::session
