// CloseReason: why a connection ended, for events, counters and WebSocket close codes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gantry::net {

enum class CloseReason : std::uint8_t {
    none,
    peer_closed,        ///< the peer ended it in order
    reset,              ///< the link broke
    protocol_error,     ///< bytes that the framing or WebSocket forbids
    payload_too_large,  ///< a frame above payload_bytes_max
    text_refused,       ///< a text message where only binary is spoken
    bad_utf8,           ///< a text message that is not UTF-8
    flood,              ///< too many control frames, or too many ids that nobody handles
    slow_consumer,      ///< did not read; its queue reached the limit
    idle,               ///< sent nothing for idle_ms
    connect_failed,     ///< an outbound link that never opened
    handshake_timeout,
    requested,  ///< a plugin or an operator closed it
    refused,    ///< policy: authentication, limits of the layers above
    shutdown,   ///< this process is going
    internal,   ///< the host failed
    count_,
};

inline constexpr std::size_t close_reason_count = static_cast<std::size_t>(CloseReason::count_);

/// "slow_consumer": the label of logs and counters.
const char* close_reason_name(CloseReason reason) noexcept;

/// An end that somebody wanted, not one for a fault.
bool is_orderly(CloseReason reason) noexcept;

/// The code of the WebSocket close frame that tells the peer (RFC 6455, 7.4.1).
std::uint16_t close_reason_ws_code(CloseReason reason) noexcept;

}  // namespace gantry::net
