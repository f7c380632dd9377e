#include "host/net/ws_codec.h"

#include <cstring>

#include "host/net/little_endian.h"

namespace gantry::net {

namespace {

bool known_opcode(std::uint8_t opcode) noexcept {
    return opcode <= ws_opcode::binary || (opcode >= ws_opcode::close && opcode <= ws_opcode::pong);
}

}  // namespace

WsHeadResult parse_ws_head(std::span<const std::byte> bytes, WsHead& head,
                           std::size_t& needed) noexcept {
    needed = 2;
    if (bytes.size() < needed) return WsHeadResult::need_more;
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    head.fin = (first & 0x80) != 0;
    head.rsv1 = (first & 0x40) != 0;
    head.opcode = first & 0x0F;
    head.masked = (second & 0x80) != 0;
    const std::uint8_t length = second & 0x7F;

    if ((first & 0x30) != 0 || !known_opcode(head.opcode)) return WsHeadResult::malformed;
    if (head.control() && (!head.fin || head.rsv1 || length > ws_control_payload_bytes_max)) {
        return WsHeadResult::malformed;
    }

    const std::size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    needed = 2 + length_bytes + (head.masked ? 4 : 0);
    if (bytes.size() < needed) return WsHeadResult::need_more;
    const std::byte* const extended = bytes.data() + 2;
    if (length_bytes == 0) head.payload_bytes = length;
    if (length_bytes == 2) head.payload_bytes = load_be<std::uint16_t>(extended);
    if (length_bytes == 8) head.payload_bytes = load_be<std::uint64_t>(extended);
    // "the minimal number of bytes MUST be used", and the top bit of 64 is zero.
    if (length_bytes == 2 && head.payload_bytes < 126) return WsHeadResult::malformed;
    if (length_bytes == 8 && (head.payload_bytes <= 0xFFFF || head.payload_bytes >> 63 != 0)) {
        return WsHeadResult::malformed;
    }
    if (head.masked) std::memcpy(head.mask.data(), extended + length_bytes, 4);
    head.head_bytes = needed;
    return WsHeadResult::ok;
}

std::size_t encode_ws_head(std::uint8_t opcode, bool rsv1, std::uint64_t payload_bytes,
                           const WsMask* mask, std::byte* out) noexcept {
    out[0] = static_cast<std::byte>(0x80 | (rsv1 ? 0x40 : 0) | opcode);
    const unsigned masked = mask != nullptr ? 0x80 : 0;
    std::size_t at = 2;
    if (payload_bytes < 126) {
        out[1] = static_cast<std::byte>(masked | payload_bytes);
    } else if (payload_bytes <= 0xFFFF) {
        out[1] = static_cast<std::byte>(masked | 126);
        store_be(out + 2, static_cast<std::uint16_t>(payload_bytes));
        at = 4;
    } else {
        out[1] = static_cast<std::byte>(masked | 127);
        store_be(out + 2, payload_bytes);
        at = 10;
    }
    if (mask != nullptr) {
        std::memcpy(out + at, mask->data(), mask->size());
        at += mask->size();
    }
    return at;
}

void apply_ws_mask(std::span<std::byte> bytes, const WsMask& mask, std::size_t offset) noexcept {
    WsMask turned;
    for (std::size_t i = 0; i < 4; ++i) turned[i] = mask[(offset + i) % 4];
    std::uint32_t four;
    std::memcpy(&four, turned.data(), sizeof four);
    const std::uint64_t eight = std::uint64_t{four} << 32 | four;

    std::size_t at = 0;
    for (; bytes.size() - at >= sizeof eight; at += sizeof eight) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        word ^= eight;
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    for (; at < bytes.size(); ++at) bytes[at] ^= turned[at % 4];
}

bool ws_close_code_allowed(std::uint16_t code) noexcept {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace gantry::net
