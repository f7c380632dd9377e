// Frame: one message on the wire, and the 12 bytes in front of it (proto/README.md).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gantry/types.h"
#include "host/net/little_endian.h"

namespace gantry::net {

inline constexpr std::size_t frame_header_bytes = 12;

/// Message ids from here on belong to the host.
inline constexpr std::uint16_t host_message_id_first = 0xFF00;

namespace frame_flags {
inline constexpr std::uint8_t request = 0x01;   ///< the sender waits for a response
inline constexpr std::uint8_t response = 0x02;  ///< answers the request with this correlation id
inline constexpr std::uint8_t error = 0x04;     ///< with response: payload is status and sentence
inline constexpr std::uint8_t echo = 0x08;  ///< the host answers by itself with the same payload
inline constexpr std::uint8_t known = request | response | error | echo;
}  // namespace frame_flags

/// The fields of the header. Framings without a header leave all but payload_bytes zero.
struct FrameHead {
    std::uint32_t payload_bytes = 0;
    std::uint16_t message_id = 0;
    std::uint8_t flags = 0;
    std::uint8_t channel = 0;
    std::uint32_t correlation_id = 0;
    friend constexpr bool operator==(const FrameHead&, const FrameHead&) noexcept = default;
};

/// A frame that was cut out of a buffer; the payload lives as long as the call that shows it.
struct Frame {
    FrameHead head;
    std::span<const std::byte> payload;
    bool text = false;  ///< came as a WebSocket text message
};

/// What a peer did wrong. Sticky: after one of these nothing more is cut from its bytes.
enum class FrameError : std::uint8_t {
    none,
    payload_too_large,  ///< more than the listener's payload_bytes_max
    flags_unknown,      ///< a flag bit outside frame_flags::known
    flags_conflict,     ///< request with response, error without response, echo with response
    length_mismatch,    ///< a message link or WebSocket message whose header does not fit its size
    text_refused,       ///< a text message where the framing is binary
};

const char* frame_error_name(FrameError error) noexcept;

/// Writes exactly frame_header_bytes to `out`.
void encode_head(const FrameHead& head, std::byte* out) noexcept;
/// With another length than the head's.
void encode_head(const FrameHead& head, std::uint32_t payload_bytes, std::byte* out) noexcept;

/// Reads exactly frame_header_bytes from `in`; checks nothing.
FrameHead decode_head(const std::byte* in) noexcept;

/// What the header alone can say about a frame, before anything is allocated for it.
FrameError check_head(const FrameHead& head, std::uint32_t payload_bytes_max) noexcept;

/// The payload of an error reply: u16 status, little endian, and a sentence in UTF-8.
struct ErrorReply {
    Status status = Status::internal;
    std::string_view sentence;
};
inline constexpr std::size_t error_reply_status_bytes = 2;

/// The payload of an error reply, of `out.size()` bytes at most: what of the sentence does not fit
/// is cut off. Returns how many it has.
std::size_t encode_error(Status status, std::string_view sentence,
                         std::span<std::byte> out) noexcept;

/// False when the payload is shorter than a status.
bool decode_error_reply(std::span<const std::byte> payload, ErrorReply& out) noexcept;

// Inline: these run once a message.

inline void encode_head(const FrameHead& head, std::byte* out) noexcept {
    encode_head(head, head.payload_bytes, out);
}

inline void encode_head(const FrameHead& head, std::uint32_t payload_bytes,
                        std::byte* out) noexcept {
    store_le(out, payload_bytes);
    store_le(out + 4, head.message_id);
    store_le(out + 6, head.flags);
    store_le(out + 7, head.channel);
    store_le(out + 8, head.correlation_id);
}

inline FrameHead decode_head(const std::byte* in) noexcept {
    FrameHead head;
    if constexpr (std::endian::native == std::endian::little) {
        // Who passes a frame on copies what follows the length in one piece, so it is stored in
        // one: a wide load of what narrow stores have just written waits for them.
        static_assert(offsetof(FrameHead, message_id) == 4 && offsetof(FrameHead, flags) == 6 &&
                      offsetof(FrameHead, channel) == 7 &&
                      offsetof(FrameHead, correlation_id) == 8);
        std::uint64_t rest;
        std::memcpy(&rest, in + 4, sizeof rest);
        std::memcpy(&head.payload_bytes, in, 4);
        std::memcpy(reinterpret_cast<std::byte*>(&head) + 4, &rest, sizeof rest);
    } else {
        head = {load_le<std::uint32_t>(in), load_le<std::uint16_t>(in + 4),
                load_le<std::uint8_t>(in + 6), load_le<std::uint8_t>(in + 7),
                load_le<std::uint32_t>(in + 8)};
    }
    return head;
}

inline FrameError check_head(const FrameHead& head, std::uint32_t payload_bytes_max) noexcept {
    if (head.payload_bytes > payload_bytes_max) return FrameError::payload_too_large;
    if (head.flags == 0) return FrameError::none;
    if ((head.flags & ~frame_flags::known) != 0) return FrameError::flags_unknown;

    const bool answers = (head.flags & frame_flags::response) != 0;
    const bool conflict = answers ? (head.flags & (frame_flags::request | frame_flags::echo)) != 0
                                  : (head.flags & frame_flags::error) != 0;
    return conflict ? FrameError::flags_conflict : FrameError::none;
}

}  // namespace gantry::net
