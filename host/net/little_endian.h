// Fixed-width integers in bytes of a stated order, whatever the machine's own.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gantry::net {

template <class Int>
Int swap_bytes(Int value) noexcept {
    if constexpr (sizeof value == 2) return static_cast<Int>(__builtin_bswap16(value));
    if constexpr (sizeof value == 4) return static_cast<Int>(__builtin_bswap32(value));
    if constexpr (sizeof value == 8) return static_cast<Int>(__builtin_bswap64(value));
    return value;
}

template <class Int>
Int load_le(const std::byte* in) noexcept {
    Int value;
    std::memcpy(&value, in, sizeof value);
    return std::endian::native == std::endian::little ? value : swap_bytes(value);
}

template <class Int>
Int load_be(const std::byte* in) noexcept {
    Int value;
    std::memcpy(&value, in, sizeof value);
    return std::endian::native == std::endian::big ? value : swap_bytes(value);
}

template <class Int>
void store_le(std::byte* out, Int value) noexcept {
    if (std::endian::native != std::endian::little) value = swap_bytes(value);
    std::memcpy(out, &value, sizeof value);
}

template <class Int>
void store_be(std::byte* out, Int value) noexcept {
    if (std::endian::native != std::endian::big) value = swap_bytes(value);
    std::memcpy(out, &value, sizeof value);
}

}  // namespace gantry::net
