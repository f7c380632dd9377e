#include "host/ecs/field_plan.h"

#include <algorithm>
#include <cstring>

#include "gantry/ecs/number.h"
#include "host/ecs/row_copy.h"

namespace gantry::ecs {
namespace {

struct KindRange {
    int value_bits = 0;  // whole numbers of this many bits are exact
    bool is_signed = false;
    bool is_float = false;
};

KindRange range_of(FieldKind kind) noexcept {
    switch (kind) {
        case FieldKind::i8:
            return {7, true, false};
        case FieldKind::i16:
            return {15, true, false};
        case FieldKind::i32:
            return {31, true, false};
        case FieldKind::i64:
            return {63, true, false};
        case FieldKind::u8:
            return {8, false, false};
        case FieldKind::u16:
            return {16, false, false};
        case FieldKind::u32:
            return {32, false, false};
        case FieldKind::u64:
            return {64, false, false};
        case FieldKind::f32:
            return {24, true, true};
        case FieldKind::f64:
            return {53, true, true};
        default:
            return {};
    }
}

void move_field(const FieldMove& move, const std::byte* from, std::size_t from_step, std::byte* to,
                std::size_t to_step, std::size_t rows) {
    from += move.from_offset;
    to += move.to_offset;
    if (move.from == move.to) {
        with_row_bytes(field_kind_bytes(move.from) * move.count, [&](auto bytes) {
            for (std::size_t row = 0; row < rows; ++row) {
                std::memcpy(to + to_step * row, from + from_step * row, bytes);
            }
        });
        return;
    }
    detail::with_number_kind(move.from, [&](auto from_zero) {
        detail::with_number_kind(move.to, [&](auto to_zero) {
            using From = decltype(from_zero);
            using To = decltype(to_zero);
            for (std::size_t row = 0; row < rows; ++row) {
                for (std::uint32_t i = 0; i < move.count; ++i) {
                    From value;
                    std::memcpy(&value, from + from_step * row + sizeof value * i, sizeof value);
                    const To out = detail::to_number<To>(value);
                    std::memcpy(to + to_step * row + sizeof out * i, &out, sizeof out);
                }
            }
        });
    });
}

}  // namespace

bool widens(FieldKind from, FieldKind to) noexcept {
    if (from == to) return true;
    const KindRange a = range_of(from);
    const KindRange b = range_of(to);
    if (a.value_bits == 0 || b.value_bits == 0) return false;
    if (a.is_float && !b.is_float) return false;
    if (a.is_signed && !b.is_signed) return false;
    return b.value_bits >= a.value_bits;
}

void convert_rows(const ComponentChange& change, const std::byte* from, std::byte* to,
                  std::size_t rows, RestOfRow rest) {
    constexpr std::size_t block_rows = 512;  // both sides of a block stay in the first cache
    const std::size_t from_step = change.before.size;
    const std::size_t to_step = change.after.size;
    if (to_step == 0) return;
    for (std::size_t done = 0; done < rows; done += block_rows) {
        const std::size_t count = std::min(block_rows, rows - done);
        std::byte* const out = to + to_step * done;
        if (rest == RestOfRow::defaults) {
            copy_rows(out, change.after.defaults.data(), change.after.size, 0, count);
        }
        for (const FieldMove& move : change.moves) {
            move_field(move, from + from_step * done, from_step, out, to_step, count);
        }
    }
}

}  // namespace gantry::ecs
