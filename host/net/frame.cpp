#include "host/net/frame.h"

#include <algorithm>
#include <cstring>

#include "host/core/assert.h"
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

std::size_t encode_error(Status status, std::string_view sentence,
                         std::span<std::byte> out) noexcept {
    GANTRY_ASSERT(out.size() >= error_reply_status_bytes);
    store_le(out.data(), static_cast<std::uint16_t>(status));
    const std::size_t bytes = std::min(sentence.size(), out.size() - error_reply_status_bytes);
    if (bytes != 0) std::memcpy(out.data() + error_reply_status_bytes, sentence.data(), bytes);
    return error_reply_status_bytes + bytes;
}

bool decode_error_reply(std::span<const std::byte> payload, ErrorReply& out) noexcept {
    if (payload.size() < error_reply_status_bytes) return false;
    const Bytes text{payload.subspan(error_reply_status_bytes)};
    out = {static_cast<Status>(load_le<std::uint16_t>(payload.data())), text.text()};
    return true;
}

}  // namespace gantry::net
