// gantry/ecs/number.h: numbers of one field kind as numbers of another, never undefined.
#pragma once
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "gantry/ecs/desc.h"

namespace gantry::detail {

/// What does not fit becomes the nearest that does; not a number becomes 0.
template <class To, class From>
constexpr To to_number(From value) noexcept {
    if constexpr (std::is_same_v<To, bool>) {
        return value != From{};
    } else if constexpr (std::is_floating_point_v<To>) {
        return static_cast<To>(value);
    } else {
        constexpr To low = std::numeric_limits<To>::min();
        constexpr To high = std::numeric_limits<To>::max();
        if constexpr (std::is_floating_point_v<From>) {
            if (!(value >= static_cast<From>(low))) return value < 0 ? low : To{0};
            return value >= static_cast<From>(high) ? high : static_cast<To>(value);
        } else {
            if (std::cmp_less(value, static_cast<std::int64_t>(low))) return low;
            if (std::cmp_greater(value, static_cast<std::uint64_t>(high))) return high;
            return static_cast<To>(value);
        }
    }
}

/// Calls `use` with a zero of the kind's type, a bool as one byte; not at all for other kinds.
template <class Use>
constexpr void with_number_kind(FieldKind kind, const Use& use) {
    switch (kind) {
        case FieldKind::i8:
            return use(std::int8_t{});
        case FieldKind::i16:
            return use(std::int16_t{});
        case FieldKind::i32:
            return use(std::int32_t{});
        case FieldKind::i64:
            return use(std::int64_t{});
        case FieldKind::boolean:
        case FieldKind::u8:
            return use(std::uint8_t{});
        case FieldKind::u16:
            return use(std::uint16_t{});
        case FieldKind::u32:
            return use(std::uint32_t{});
        case FieldKind::u64:
            return use(std::uint64_t{});
        case FieldKind::f32:
            return use(float{});
        case FieldKind::f64:
            return use(double{});
        default:
            return;
    }
}

}  // namespace gantry::detail
