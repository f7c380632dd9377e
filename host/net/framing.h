// Framing: how a listener's byte stream is cut into frames, and what goes in front of a payload.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "host/net/frame.h"

namespace gantry::net {

/// `gantry` has the 12-byte header; the others carry a payload only, message id 0. A `line` ends
/// with
/// "\n" ("\r\n" is accepted) and is sent with "\n".
enum class Framing : std::uint8_t { gantry, u16le, u16be, u32le, u32be, line };

const char* framing_name(Framing framing) noexcept;
std::optional<Framing> framing_from_name(std::string_view name) noexcept;

/// The largest payload that this framing can express.
std::uint32_t framing_payload_bytes_limit(Framing framing) noexcept;

/// The outcome of one attempt to cut a frame from the front of some bytes.
struct Cut {
    enum class What : std::uint8_t { frame, need_more, error };
    What what = What::need_more;
    FrameError error = FrameError::none;
    std::size_t consumed = 0;  ///< frame: bytes of prefix, payload and terminator together
    std::size_t needed = 0;    ///< need_more: the least number of bytes worth trying again with
    Frame frame;
};

/// Cuts in place: the frame's payload points into `bytes`. `scanned` bytes at the front are known
/// to hold no end of line (framing `line` only).
Cut cut_frame(Framing framing, std::uint32_t payload_bytes_max, std::span<const std::byte> bytes,
              std::size_t scanned = 0) noexcept;

/// A whole message of a message link or of WebSocket as a frame: with `gantry` header and payload,
/// whose lengths must agree; with the others the payload itself.
Cut cut_message(Framing framing, std::uint32_t payload_bytes_max, std::span<const std::byte> bytes,
                bool text) noexcept;

inline constexpr std::size_t frame_prefix_bytes_max = frame_header_bytes;

/// Writes what precedes a payload on a stream; returns its size. head.payload_bytes must be set.
std::size_t encode_prefix(Framing framing, const FrameHead& head, std::byte* out) noexcept;

/// What follows a payload on a stream: "\n" for `line`, else nothing.
std::size_t suffix_bytes(Framing framing) noexcept;

}  // namespace gantry::net
