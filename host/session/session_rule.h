// SessionRule: which sessions are meant, by what is known of them when they open.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "gantry/transport.h"
#include "gantry/types.h"
#include "host/core/result.h"

namespace gantry::session {

/// What a rule may ask about a session.
struct SessionFacts {
    SessionId id;
    std::string_view listener;
    std::string_view protocol;
    NetAddress remote;
};

/// "listener=beta,remote=10.0.0.0/8,share=5%": all that is said has to hold.
class SessionRule {
public:
    /// Says what is wrong with the text, and what may stand there.
    static Result<SessionRule> parse(std::string_view text);

    bool holds(const SessionFacts& session) const noexcept;
    /// As it was written.
    const std::string& text() const noexcept { return text_; }

private:
    struct Network {
        NetAddress address;
        std::uint32_t bits = 0;
    };
    Result<Done> take(std::string_view key, std::string_view value);

    std::string text_;
    std::string listener_;
    std::string protocol_;
    std::optional<Network> remote_;
    std::uint32_t per_million_ = 1'000'000;  ///< of the sessions, chosen by their ids
};

}  // namespace gantry::session
