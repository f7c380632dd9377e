// gantry/ecs/fields.h: the fields of a struct, flat, as GANTRY_COMPONENT collects them.
#pragma once
#include <array>
#include <string_view>
#include <type_traits>

#include "gantry/ecs/desc.h"

namespace gantry {

/// What a field was before, for GANTRY_FIELD. It holds for every older version whose fields fit, so
/// it may stay as long as such versions may be met.
struct FieldChange {
    std::string_view was = {};  ///< its former name
    bool converted = false;     ///< its value comes from up(), on the way back from down()
    bool shrinks = false;       ///< an array that was longer: its last elements go
};

namespace detail {

inline constexpr std::size_t field_name_chars_max = 64;

struct FieldName {
    char chars[field_name_chars_max] = {};
    std::uint32_t count = 0;

    constexpr void append(std::string_view text) {
        for (const char c : text) chars[count++] = c;  // too long does not compile
    }
    constexpr void append_index(std::size_t index) {
        append("[");
        std::size_t scale = 1;
        while (index / scale >= 10) scale *= 10;
        for (; scale > 0; scale /= 10) chars[count++] = static_cast<char>('0' + index / scale % 10);
        append("]");
    }
    constexpr std::string_view view() const { return {chars, count}; }
};

struct FieldInfo {
    FieldName name;
    FieldName was;  ///< equal to `name` where nothing was renamed
    std::uint32_t offset = 0;
    std::uint32_t count = 1;
    std::uint32_t flags = 0;
    FieldKind kind = FieldKind::none;
};

template <std::size_t Count>
struct FieldPart {
    std::array<FieldInfo, Count> fields{};
};

template <class T>
constexpr FieldKind kind_of() {
    using U = std::remove_cv_t<T>;
    if constexpr (std::is_enum_v<U>) {
        return kind_of<std::underlying_type_t<U>>();
    } else if constexpr (std::is_same_v<U, bool>) {
        return FieldKind::boolean;
    } else if constexpr (std::is_same_v<U, Entity>) {
        return FieldKind::entity;
    } else if constexpr (std::is_floating_point_v<U>) {
        return sizeof(U) == 4 ? FieldKind::f32 : sizeof(U) == 8 ? FieldKind::f64 : FieldKind::none;
    } else if constexpr (std::is_integral_v<U>) {
        constexpr FieldKind with_sign[] = {FieldKind::i8, FieldKind::i16, FieldKind::i32,
                                           FieldKind::i64};
        constexpr FieldKind without[] = {FieldKind::u8, FieldKind::u16, FieldKind::u32,
                                         FieldKind::u64};
        constexpr int index = sizeof(U) == 1 ? 0 : sizeof(U) == 2 ? 1 : sizeof(U) == 4 ? 2 : 3;
        return std::is_signed_v<U> ? with_sign[index] : without[index];
    } else {
        return FieldKind::none;
    }
}

template <class T>
struct ArrayOf {
    using Element = T;
    static constexpr std::uint32_t count = 1;
    static constexpr bool is_array = false;
};
template <class T, std::size_t N>
struct ArrayOf<T[N]> {
    using Element = T;
    static constexpr std::uint32_t count = N;
    static constexpr bool is_array = true;
};
template <class T, std::size_t N>
struct ArrayOf<std::array<T, N>> : ArrayOf<T[N]> {};

template <class T>
concept Described = requires(const T* type) {
    gantry_component(type);
};
/// An array of structs or of arrays: its elements are listed one by one, "slots[2].item".
template <class T>
inline constexpr bool is_nested = ArrayOf<T>::is_array &&
                                  (Described<typename ArrayOf<T>::Element> ||
                                   ArrayOf<typename ArrayOf<T>::Element>::is_array);

template <class Part>
constexpr std::size_t fields_in = 0;
template <std::size_t Count>
constexpr std::size_t fields_in<FieldPart<Count>> = Count;

/// What a T consists of, under names that follow that of the field: "", ".x", "[0].x".
template <class T>
constexpr auto parts_of() {
    using Element = typename ArrayOf<T>::Element;
    if constexpr (Described<T>) {
        constexpr auto inner = gantry_component(static_cast<const T*>(nullptr));
        FieldPart<inner.fields.size()> part{};
        for (std::size_t i = 0; i < inner.fields.size(); ++i) {
            FieldInfo& out = part.fields[i];
            out = inner.fields[i];
            out.name = out.was = FieldName{};
            out.name.append(".");
            out.name.append(inner.fields[i].name.view());
            out.was.append(".");
            out.was.append(inner.fields[i].was.view());
        }
        return part;
    } else if constexpr (is_nested<T>) {
        constexpr auto inner = parts_of<Element>();
        constexpr std::size_t each = inner.fields.size();
        FieldPart<each * ArrayOf<T>::count> part{};
        for (std::size_t i = 0; i < part.fields.size(); ++i) {
            FieldInfo& out = part.fields[i];
            out = inner.fields[i % each];
            out.name = out.was = FieldName{};
            out.name.append_index(i / each);
            out.name.append(inner.fields[i % each].name.view());
            out.was.append_index(i / each);
            out.was.append(inner.fields[i % each].was.view());
            out.offset += static_cast<std::uint32_t>(i / each * sizeof(Element));
        }
        return part;
    } else {
        constexpr bool is_text = ArrayOf<T>::count > 1 && std::is_same_v<Element, char>;
        static_assert(is_text || kind_of<Element>() != FieldKind::none,
                      "a field is a number, bool, enum, Entity, char[N], a struct that has a "
                      "GANTRY_COMPONENT of its own, or a fixed array of those");
        FieldPart<1> part{};
        part.fields[0].count = ArrayOf<T>::count;
        part.fields[0].kind = is_text ? FieldKind::text : kind_of<Element>();
        return part;
    }
}

template <class T>
constexpr auto field(std::string_view name, std::size_t offset, FieldChange change) {
    auto part = parts_of<T>();
    for (FieldInfo& out : part.fields) {
        const FieldInfo inner = out;
        out.name = out.was = FieldName{};
        out.name.append(name);
        out.name.append(inner.name.view());
        out.was.append(change.was.empty() ? name : change.was);
        out.was.append(inner.was.view());
        out.offset += static_cast<std::uint32_t>(offset);
        out.flags |= (change.converted ? field_origin::converted : 0) |
                     (change.shrinks ? field_origin::shrinks : 0);
    }
    return part;
}

}  // namespace detail
}  // namespace gantry
