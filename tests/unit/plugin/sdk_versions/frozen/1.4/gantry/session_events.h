// gantry/session_events.h: "gantry.session_events/1", what happens to sessions, told as it happens.
#pragma once
#include "gantry/types.h"

namespace gantry {

enum class SessionEventKind : std::uint32_t { established, received, sent, error, closed };

/// Which kinds a subscriber wants, as bits. `received` and `sent` come once a message and cost
/// accordingly; the others come twice or three times in a session's life.
namespace session_kinds {
constexpr std::uint32_t bit(SessionEventKind kind) noexcept {
    return 1u << static_cast<std::uint32_t>(kind);
}
inline constexpr std::uint32_t established = bit(SessionEventKind::established);
inline constexpr std::uint32_t received = bit(SessionEventKind::received);
inline constexpr std::uint32_t sent = bit(SessionEventKind::sent);
inline constexpr std::uint32_t error = bit(SessionEventKind::error);
inline constexpr std::uint32_t closed = bit(SessionEventKind::closed);
inline constexpr std::uint32_t life = established | error | closed;
inline constexpr std::uint32_t all = life | received | sent;
}  // namespace session_kinds

/// Valid for the call. Of one session `established` comes first and `closed` last, the rest in the
/// order in which it happened; `error` stands before a `closed` that was no orderly end.
struct SessionEvent {
    SessionEventKind kind = SessionEventKind::established;
    std::uint16_t message_id = 0;  ///< of received and sent
    std::uint16_t reserved = 0;
    SessionId session;
    TimeNs at = 0;                    ///< of the room's turn
    std::uint64_t payload_bytes = 0;  ///< of received and sent
    /// established: the remote address. error and closed: the reason: "peer_closed", "idle",
    /// "slow_consumer", and in a world "moved" for a session that goes on in another one.
    Str text;
};

using SessionEventFunction = void (*)(void* context, const SessionEvent* event) noexcept;

/// On a shard: all sessions of that shard; `received` before the layers see a message, `sent` once
/// it is queued for the connection. In a world: the world's sessions; `received` before the handler
/// runs, `sent` when a plugin of the world sends. [world] [io]
struct SessionEvents {
    static constexpr const char* interface_id = "gantry.session_events/1";

    /// Only during start(). The subscriber runs within the event: what it sends is not told again.
    virtual Status subscribe(std::uint32_t kinds, SessionEventFunction told,
                             void* context) noexcept = 0;

protected:
    ~SessionEvents() = default;
};

}  // namespace gantry
