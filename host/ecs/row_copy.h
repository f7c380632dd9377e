// Copying rows by size: the sizes that occur get code of their own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace gantry::ecs {

/// Calls `use` with the size as a constant for common sizes, else as a number.
template <class Use>
inline void with_row_bytes(std::uint32_t bytes, const Use& use) {
    switch (bytes) {
        case 1:
            return use(std::integral_constant<std::size_t, 1>{});
        case 4:
            return use(std::integral_constant<std::size_t, 4>{});
        case 8:
            return use(std::integral_constant<std::size_t, 8>{});
        case 12:
            return use(std::integral_constant<std::size_t, 12>{});
        case 16:
            return use(std::integral_constant<std::size_t, 16>{});
        case 24:
            return use(std::integral_constant<std::size_t, 24>{});
        case 32:
            return use(std::integral_constant<std::size_t, 32>{});
        case 48:
            return use(std::integral_constant<std::size_t, 48>{});
        case 64:
            return use(std::integral_constant<std::size_t, 64>{});
        default:
            return use(std::size_t{bytes});
    }
}

inline void copy_row(std::byte* to, const std::byte* from, std::uint32_t bytes) {
    if (bytes == 0) return;  // a tag, whose places may be null
    with_row_bytes(bytes, [&](auto size) { std::memcpy(to, from, size); });
}

/// `count` rows from `from`, which steps by `stride` bytes; 0 repeats one value.
inline void copy_rows(std::byte* to, const std::byte* from, std::uint32_t bytes, std::size_t stride,
                      std::size_t count) {
    if (bytes == 0 || count == 0) return;
    if (stride == bytes) {
        std::memcpy(to, from, bytes * count);
        return;
    }
    with_row_bytes(bytes, [&](auto size) {
        for (std::size_t i = 0; i < count; ++i) std::memcpy(to + size * i, from + stride * i, size);
    });
}

}  // namespace gantry::ecs
