#include "host/net/utf8.h"

#include <cstring>

namespace gantry::net {

bool Utf8Check::feed(std::span<const std::byte> bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size() && !failed_) {
        if (left_ == 0) {
            // Text is mostly ASCII: eight bytes at a time.
            std::uint64_t eight;
            while (bytes.size() - at >= sizeof eight) {
                std::memcpy(&eight, bytes.data() + at, sizeof eight);
                if ((eight & 0x8080808080808080ull) != 0) break;
                at += sizeof eight;
            }
            if (at == bytes.size()) break;
        }
        const auto byte = static_cast<std::uint8_t>(bytes[at++]);
        if (left_ != 0) {
            failed_ = byte < low_ || byte > high_;
            low_ = 0x80;
            high_ = 0xBF;
            --left_;
        } else if (byte >= 0x80) {
            // The second byte's range keeps out overlong forms, surrogates and the too large.
            failed_ = byte < 0xC2 || byte > 0xF4;
            left_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
            low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
            high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        }
    }
    return !failed_;
}

}  // namespace gantry::net
