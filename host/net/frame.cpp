#include "host/net/frame.h"

#include "host/net/little_endian.h"

namespace gantry::net {

const char* frame_error_name(FrameError error) noexcept {
    switch (error) {
        case FrameError::none:
            return "none";
        case FrameError::payload_too_large:
            return "payload_too_large";
        case FrameError::flags_unknown:
            return "flags_unknown";
        case FrameError::flags_conflict:
            return "flags_conflict";
        case FrameError::length_mismatch:
            return "length_mismatch";
        case FrameError::text_refused:
            return "text_refused";
    }
    return "unknown";
}

void encode_error_status(Status status, std::byte* out) noexcept {
    store_le(out, static_cast<std::uint16_t>(status));
}

bool decode_error_reply(std::span<const std::byte> payload, ErrorReply& out) noexcept {
    if (payload.size() < error_reply_status_bytes) return false;
    const Bytes text{payload.subspan(error_reply_status_bytes)};
    out = {static_cast<Status>(load_le<std::uint16_t>(payload.data())), text.text()};
    return true;
}

}  // namespace gantry::net
