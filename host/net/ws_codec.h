// WebSocket frames (RFC 6455, section 5) from and to bytes.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gantry::net {

namespace ws_opcode {
inline constexpr std::uint8_t continuation = 0x0;
inline constexpr std::uint8_t text = 0x1;
inline constexpr std::uint8_t binary = 0x2;
inline constexpr std::uint8_t close = 0x8;
inline constexpr std::uint8_t ping = 0x9;
inline constexpr std::uint8_t pong = 0xA;
}  // namespace ws_opcode

inline constexpr std::size_t ws_head_bytes_max = 14;
inline constexpr std::size_t ws_control_payload_bytes_max = 125;

using WsMask = std::array<std::byte, 4>;

struct WsHead {
    std::uint64_t payload_bytes = 0;
    std::uint8_t opcode = 0;
    bool fin = false;
    bool rsv1 = false;
    bool masked = false;
    WsMask mask{};
    std::size_t head_bytes = 0;

    bool control() const noexcept { return opcode >= 0x8; }
};

enum class WsHeadResult : std::uint8_t {
    ok,
    need_more,
    malformed,  ///< unknown opcode, RSV2 or RSV3, a long or fragmented control frame, length not
                ///< minimal
};

/// `needed` is set with need_more: how many bytes to have before asking again.
WsHeadResult parse_ws_head(std::span<const std::byte> bytes, WsHead& head,
                           std::size_t& needed) noexcept;

/// Returns the bytes written, at most ws_head_bytes_max. `mask` null: unmasked, as servers send.
std::size_t encode_ws_head(std::uint8_t opcode, bool rsv1, std::uint64_t payload_bytes,
                           const WsMask* mask, std::byte* out) noexcept;

/// XORs in place; the first byte is number `offset` of the payload.
void apply_ws_mask(std::span<std::byte> bytes, const WsMask& mask, std::size_t offset = 0) noexcept;

/// The codes a peer may send in a close frame (RFC 6455, 7.4).
bool ws_close_code_allowed(std::uint16_t code) noexcept;

}  // namespace gantry::net
