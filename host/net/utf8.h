// Utf8Check: whether bytes that come in pieces are UTF-8, told at the first byte that cannot be.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace gantry::net {

/// Refuses what RFC 3629 refuses: overlong forms, surrogates, anything above U+10FFFF.
class Utf8Check {
public:
    /// False once the bytes so far cannot begin any UTF-8 text. Sticky until reset().
    bool feed(std::span<const std::byte> bytes) noexcept;
    /// True when the text may end here.
    bool complete() const noexcept { return left_ == 0 && !failed_; }
    void reset() noexcept { *this = {}; }

private:
    std::uint8_t left_ = 0;                  // continuation bytes still to come
    std::uint8_t low_ = 0x80, high_ = 0xBF;  // what the next one may be
    bool failed_ = false;
};

}  // namespace gantry::net
