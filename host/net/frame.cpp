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

void encode_head(const FrameHead& head, std::byte* out) noexcept {
    store_le(out, head.payload_bytes);
    store_le(out + 4, head.message_id);
    store_le(out + 6, head.flags);
    store_le(out + 7, head.channel);
    store_le(out + 8, head.correlation_id);
}

FrameHead decode_head(const std::byte* in) noexcept {
    return {load_le<std::uint32_t>(in), load_le<std::uint16_t>(in + 4),
            load_le<std::uint8_t>(in + 6), load_le<std::uint8_t>(in + 7),
            load_le<std::uint32_t>(in + 8)};
}

FrameError check_head(const FrameHead& head, std::uint32_t payload_bytes_max) noexcept {
    using namespace frame_flags;
    if (head.payload_bytes > payload_bytes_max) return FrameError::payload_too_large;
    if (head.flags == 0) return FrameError::none;
    if ((head.flags & ~known) != 0) return FrameError::flags_unknown;

    const bool answers = (head.flags & response) != 0;
    const bool conflict =
        answers ? (head.flags & (request | echo)) != 0 : (head.flags & error) != 0;
    return conflict ? FrameError::flags_conflict : FrameError::none;
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
