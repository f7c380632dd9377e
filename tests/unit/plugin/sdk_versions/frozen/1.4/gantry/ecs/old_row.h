// gantry/ecs/old_row.h: a component in a layout that this library was not compiled with.
#pragma once
#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "gantry/ecs/number.h"

namespace gantry {

/// One row of another version, by the names that its fields had there ("slots[2].item" inside
/// arrays of structs). up() and down() of a component get one for the call. Any number may be read
/// and written as any other; what does not fit is clamped. [world]
class OldRow {
public:
    OldRow(const RowsView& rows, std::uint64_t index) noexcept
        : rows_{&rows}, row_{rows.rows + rows.row_bytes * index} {}

    std::uint32_t version() const noexcept { return rows_->version; }
    bool has(std::string_view field) const noexcept { return find(field) != nullptr; }

    /// T{} when there is no such field or element, or it is not a number (an Entity for T =
    /// Entity).
    template <class T>
    T get(std::string_view field, std::uint32_t index = 0) const noexcept {
        T out{};
        const FieldDesc* const found = find(field, index);
        if (found == nullptr) return out;
        const std::byte* const at = element(*found, index);
        if constexpr (std::is_same_v<T, Entity>) {
            if (found->kind == FieldKind::entity) std::memcpy(&out, at, sizeof out);
        } else if constexpr (std::is_enum_v<T>) {
            out = static_cast<T>(get<std::underlying_type_t<T>>(field, index));
        } else {
            detail::with_number_kind(found->kind, [&](auto value) {
                std::memcpy(&value, at, sizeof value);
                out = detail::to_number<T>(value);
            });
        }
        return out;
    }
    /// Of a char[N]; valid for the call. Empty when there is no such field.
    std::string_view text(std::string_view field) const noexcept {
        const FieldDesc* const found = find(field);
        if (found == nullptr || found->kind != FieldKind::text) return {};
        const auto* const chars = reinterpret_cast<const char*>(element(*found, 0));
        return {chars,
                static_cast<std::size_t>(std::find(chars, chars + found->count, '\0') - chars)};
    }

    /// False when there is no such field or element.
    template <class T>
    bool set(std::string_view field, T value, std::uint32_t index = 0) noexcept {
        const FieldDesc* const found = find(field, index);
        if (found == nullptr) return false;
        std::byte* const at = element(*found, index);
        bool done = false;
        if constexpr (std::is_same_v<T, Entity>) {
            done = found->kind == FieldKind::entity;
            if (done) std::memcpy(at, &value, sizeof value);
        } else if constexpr (std::is_enum_v<T>) {
            done = set(field, static_cast<std::underlying_type_t<T>>(value), index);
        } else {
            detail::with_number_kind(found->kind, [&](auto out) {
                out = detail::to_number<decltype(out)>(widest(value));
                if (found->kind == FieldKind::boolean) out = out != 0 ? 1 : 0;
                std::memcpy(at, &out, sizeof out);
                done = true;
            });
        }
        return done;
    }
    /// Cut off where the field ends.
    bool set_text(std::string_view field, std::string_view value) noexcept {
        const FieldDesc* const found = find(field);
        if (found == nullptr || found->kind != FieldKind::text) return false;
        std::memset(element(*found, 0), 0, found->count);
        value = value.substr(0, found->count);
        if (!value.empty()) std::memcpy(element(*found, 0), value.data(), value.size());
        return true;
    }

private:
    const FieldDesc* find(std::string_view field, std::uint32_t index = 0) const noexcept {
        for (std::uint64_t i = 0; i < rows_->field_count; ++i) {
            const FieldDesc& one = rows_->fields[i];
            if (one.name.view() == field) return index < one.count ? &one : nullptr;
        }
        return nullptr;
    }
    std::byte* element(const FieldDesc& field, std::uint32_t index) const noexcept {
        return row_ + field.offset + std::size_t{field_kind_bytes(field.kind)} * index;
    }
    template <class T>
    static constexpr auto widest(T value) noexcept {
        if constexpr (std::is_floating_point_v<T>) {
            return static_cast<double>(value);
        } else if constexpr (std::is_signed_v<T>) {
            return static_cast<std::int64_t>(value);
        } else {
            return static_cast<std::uint64_t>(value);
        }
    }

    const RowsView* rows_;
    std::byte* row_;
};

namespace detail {

template <class T>
concept HasUp = requires(const OldRow& old, T& now) {
    T::up(old, now);
};
template <class T>
concept HasDown = requires(const T& now, OldRow& old) {
    T::down(now, old);
};

template <class T>
void up_rows(const RowsView* from, const RowsView* to) noexcept {
    static_assert(noexcept(T::up(std::declval<const OldRow&>(), std::declval<T&>())),
                  "up() is called by the host: declare it noexcept");
    T* const rows = reinterpret_cast<T*>(to->rows);
    for (std::uint64_t i = 0; i < to->count; ++i) T::up(OldRow{*from, i}, rows[i]);
}

template <class T>
void down_rows(const RowsView* from, const RowsView* to) noexcept {
    static_assert(noexcept(T::down(std::declval<const T&>(), std::declval<OldRow&>())),
                  "down() is called by the host: declare it noexcept");
    const T* const rows = reinterpret_cast<const T*>(from->rows);
    for (std::uint64_t i = 0; i < to->count; ++i) {
        OldRow old{*to, i};
        T::down(rows[i], old);
    }
}

}  // namespace detail
}  // namespace gantry
