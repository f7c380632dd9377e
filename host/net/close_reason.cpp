#include "host/net/close_reason.h"

namespace gantry::net {

const char* close_reason_name(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::none:
            return "none";
        case CloseReason::peer_closed:
            return "peer_closed";
        case CloseReason::reset:
            return "reset";
        case CloseReason::protocol_error:
            return "protocol_error";
        case CloseReason::payload_too_large:
            return "payload_too_large";
        case CloseReason::text_refused:
            return "text_refused";
        case CloseReason::bad_utf8:
            return "bad_utf8";
        case CloseReason::flood:
            return "flood";
        case CloseReason::slow_consumer:
            return "slow_consumer";
        case CloseReason::idle:
            return "idle";
        case CloseReason::connect_failed:
            return "connect_failed";
        case CloseReason::handshake_timeout:
            return "handshake_timeout";
        case CloseReason::requested:
            return "requested";
        case CloseReason::refused:
            return "refused";
        case CloseReason::shutdown:
            return "shutdown";
        case CloseReason::internal:
            return "internal";
        case CloseReason::count_:
            break;
    }
    return "unknown";
}

bool is_orderly(CloseReason reason) noexcept {
    return reason == CloseReason::peer_closed || reason == CloseReason::requested ||
           reason == CloseReason::shutdown;
}

std::uint16_t close_reason_ws_code(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::protocol_error:
            return 1002;
        case CloseReason::text_refused:
            return 1003;
        case CloseReason::bad_utf8:
            return 1007;
        case CloseReason::payload_too_large:
            return 1009;
        case CloseReason::flood:
        case CloseReason::slow_consumer:
        case CloseReason::refused:
            return 1008;
        case CloseReason::idle:
        case CloseReason::shutdown:
            return 1001;
        case CloseReason::internal:
            return 1011;
        default:
            return 1000;
    }
}

}  // namespace gantry::net
