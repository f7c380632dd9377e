#include "host/ecs/field_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

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

Error refusal(const Schema& before, const Schema& after, std::string_view why) {
    return Error{Status::refused,
                 fmt::format("component {}: {}; the world has {}, the new version brings {}",
                             before.name, why, layout_text(before), layout_text(after))};
}

template <class Use>
void with_kind(FieldKind kind, const Use& use) {
    switch (kind) {
        case FieldKind::i8:
            return use(std::int8_t{});
        case FieldKind::i16:
            return use(std::int16_t{});
        case FieldKind::i32:
            return use(std::int32_t{});
        case FieldKind::i64:
            return use(std::int64_t{});
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

template <class From, class To>
To converted(From value) noexcept {
    if constexpr (std::is_floating_point_v<To>) {
        return static_cast<To>(value);
    } else {
        constexpr To low = std::numeric_limits<To>::min();
        constexpr To high = std::numeric_limits<To>::max();
        if constexpr (std::is_floating_point_v<From>) {
            if (!(value >= static_cast<From>(low))) return value < 0 ? low : To{0};
            return value >= static_cast<From>(high) ? high : static_cast<To>(value);
        } else {
            if (std::in_range<To>(value)) return static_cast<To>(value);
            return std::cmp_less(value, 0) ? low : high;
        }
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
    with_kind(move.from, [&](auto from_zero) {
        with_kind(move.to, [&](auto to_zero) {
            using From = decltype(from_zero);
            using To = decltype(to_zero);
            for (std::size_t row = 0; row < rows; ++row) {
                for (std::uint32_t i = 0; i < move.count; ++i) {
                    From value;
                    std::memcpy(&value, from + from_step * row + sizeof value * i, sizeof value);
                    const To out = converted<From, To>(value);
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

Result<ComponentChange> plan_change(ComponentId component, const Schema& before,
                                    const Schema& after) {
    ComponentChange change{component, before, after, {}, {}, {}};
    if (before.sparse() != after.sparse()) {
        return refusal(before, after, "its storage cannot change between table and sparse");
    }
    if (before.fields.empty() != after.fields.empty() && before.size > 0 && after.size > 0) {
        return refusal(before, after, "without described fields nothing can be carried over");
    }
    for (const Field& to : after.fields) {
        const Field* const from = before.find(to.name);
        if (from == nullptr) {
            change.added.push_back(to.name);
            continue;
        }
        if (!widens(from->kind, to.kind)) {
            return refusal(before, after,
                           fmt::format("field {} cannot turn from {} into {} without loss", to.name,
                                       field_kind_name(from->kind), field_kind_name(to.kind)));
        }
        if (to.count < from->count) {
            return refusal(before, after,
                           fmt::format("field {} shrinks from {} elements to {}", to.name,
                                       from->count, to.count));
        }
        change.moves.push_back({from->kind, to.kind, from->offset, to.offset, from->count});
    }
    for (const Field& from : before.fields) {
        if (after.find(from.name) == nullptr) change.dropped.push_back(from.name);
    }
    return change;
}

ComponentChange reverse_change(const ComponentChange& change) {
    ComponentChange back{change.component, change.after, change.before,
                         change.moves,     change.added, change.dropped};
    for (FieldMove& move : back.moves) {
        std::swap(move.from, move.to);
        std::swap(move.from_offset, move.to_offset);
    }
    return back;
}

void convert_rows(const ComponentChange& change, const std::byte* from, std::byte* to,
                  std::size_t rows) {
    constexpr std::size_t block_rows = 512;  // both sides of a block stay in the first cache
    const std::size_t from_step = change.before.size;
    const std::size_t to_step = change.after.size;
    if (to_step == 0) return;
    for (std::size_t done = 0; done < rows; done += block_rows) {
        const std::size_t count = std::min(block_rows, rows - done);
        std::byte* const out = to + to_step * done;
        copy_rows(out, change.after.defaults.data(), change.after.size, 0, count);
        for (const FieldMove& move : change.moves) {
            move_field(move, from + from_step * done, from_step, out, to_step, count);
        }
    }
}

std::string MigrationPlan::text() const {
    std::string text;
    const auto list = [&text](const char* what, const std::vector<std::string>& names) {
        if (!names.empty()) text += fmt::format(", {} {}", what, fmt::join(names, " "));
    };
    for (const ComponentChange& change : changes) {
        text += fmt::format("{}{} becomes {}", text.empty() ? "" : "\n", layout_text(change.before),
                            layout_text(change.after));
        list("new:", change.added);
        list("dropped:", change.dropped);
    }
    return text;
}

}  // namespace gantry::ecs
