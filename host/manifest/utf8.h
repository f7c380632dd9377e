// utf8.h: the few things that reading JSON needs to know of UTF-8 (RFC 3629).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gantry::manifest {

/// Bytes of the character at the start of `text`; 0 when it is none, also when it is overlong.
inline std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
    const std::uint32_t lead = byte(0);
    if (text.empty()) return 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0 && byte(1) < 0xa0) return 0;
        if (lead == 0xed && byte(1) > 0x9f) return 0;
        return follows(1) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0 && byte(1) < 0x90) return 0;
        if (lead == 0xf4 && byte(1) > 0x8f) return 0;
        return follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// `code` is at most 0x10ffff and no surrogate.
inline void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto rest = [&](std::uint32_t shift) { put(0x80u | ((code >> shift) & 0x3fu)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0u | code >> 6);
        rest(0);
    } else if (code < 0x10000) {
        put(0xe0u | code >> 12);
        rest(6);
        rest(0);
    } else {
        put(0xf0u | code >> 18);
        rest(12);
        rest(6);
        rest(0);
    }
}

}  // namespace gantry::manifest
