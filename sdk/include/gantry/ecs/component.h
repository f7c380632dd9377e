// gantry/ecs/component.h: describing a struct as a component, once, at compile time.
//     struct Position { float x = 0, y = 0; };
//     GANTRY_COMPONENT(Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
// beside the struct, in its namespace. GANTRY_COMPONENT_AS("arena.position", Position, 1, ...)
// gives it another name than the struct's. A struct of a component may be a field of another.
#pragma once
#include <array>
#include <new>
#include <type_traits>

#include "gantry/ecs/desc.h"

namespace gantry {

/// Parts that stand among the fields: GANTRY_COMPONENT(Burning, 1, gantry::sparse, ...).
struct SparsePart {};
struct ReplicatedPart {};
inline constexpr SparsePart sparse{};
inline constexpr ReplicatedPart replicated{};

namespace detail {

inline constexpr std::size_t field_name_chars_max = 64;

struct FieldInfo {
    char name[field_name_chars_max] = {};
    std::uint32_t name_chars = 0;
    std::uint32_t offset = 0;
    std::uint32_t count = 1;
    FieldKind kind = FieldKind::none;

    constexpr void append(std::string_view text) {
        for (const char c : text) name[name_chars++] = c;  // too long does not compile
    }
};

template <std::size_t Count>
struct FieldPart {
    std::array<FieldInfo, Count> fields{};
};

template <std::size_t Count>
struct ComponentInfo {
    std::string_view name;
    std::uint32_t version = 1;
    bool sparse = false;
    bool replicated = false;
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
};
template <class T, std::size_t N>
struct ArrayOf<T[N]> {
    using Element = T;
    static constexpr std::uint32_t count = N;
};
template <class T, std::size_t N>
struct ArrayOf<std::array<T, N>> : ArrayOf<T[N]> {};

template <class T>
concept Described = requires(const T* type) {
    gantry_component(type);
};

template <class Part>
constexpr std::size_t fields_in = 0;
template <std::size_t Count>
constexpr std::size_t fields_in<FieldPart<Count>> = Count;

/// The field, or the fields of the struct that it is, under "name.".
template <class T>
constexpr auto field(std::string_view name, std::size_t offset) {
    using Element = typename ArrayOf<T>::Element;
    if constexpr (Described<T>) {
        constexpr auto inner = gantry_component(static_cast<const T*>(nullptr));
        FieldPart<inner.fields.size()> part{};
        for (std::size_t i = 0; i < inner.fields.size(); ++i) {
            FieldInfo& out = part.fields[i];
            out.append(name);
            out.append(".");
            out.append({inner.fields[i].name, inner.fields[i].name_chars});
            out.offset = inner.fields[i].offset + static_cast<std::uint32_t>(offset);
            out.count = inner.fields[i].count;
            out.kind = inner.fields[i].kind;
        }
        return part;
    } else {
        constexpr bool is_text = ArrayOf<T>::count > 1 && std::is_same_v<Element, char>;
        static_assert(is_text || kind_of<Element>() != FieldKind::none,
                      "a field is a number, bool, enum, Entity, char[N], a fixed array of those, "
                      "or a struct that has a GANTRY_COMPONENT of its own");
        FieldPart<1> part{};
        part.fields[0].append(name);
        part.fields[0].offset = static_cast<std::uint32_t>(offset);
        part.fields[0].count = ArrayOf<T>::count;
        part.fields[0].kind = is_text ? FieldKind::text : kind_of<Element>();
        return part;
    }
}

template <class... Parts>
constexpr auto describe(std::string_view name, std::uint32_t version, Parts... parts) {
    ComponentInfo<(std::size_t{0} + ... + fields_in<Parts>)> info{};
    info.name = name;
    info.version = version;
    info.sparse = (false || ... || std::is_same_v<Parts, SparsePart>);
    info.replicated = (false || ... || std::is_same_v<Parts, ReplicatedPart>);
    [[maybe_unused]] std::size_t at = 0;
    [[maybe_unused]] const auto take = [&](const auto& part) {
        if constexpr (requires { part.fields; }) {
            for (const FieldInfo& one : part.fields) info.fields[at++] = one;
        }
    };
    (take(parts), ...);
    return info;
}

}  // namespace detail

/// What is known of a component type at compile time, and its description for the host.
template <class T>
struct ComponentTraits {
    static_assert(detail::Described<T>, "write GANTRY_COMPONENT(T, ...) beside the struct");
    static_assert(std::is_trivially_copyable_v<T>, "the host moves components by their bytes");
    static_assert(std::is_standard_layout_v<T> && std::is_default_constructible_v<T>);
    static_assert(alignof(T) <= 64);

    static constexpr auto info = gantry_component(static_cast<const T*>(nullptr));
    static constexpr bool is_tag = std::is_empty_v<T>;
    static constexpr bool is_sparse = info.sparse;
    static constexpr bool is_replicated = info.replicated;
    static constexpr std::size_t field_count = info.fields.size();
    static_assert(is_tag || field_count > 0, "list every field: the host migrates by them");

    /// Calls `use(const ComponentDesc&)`; the description is valid for that call.
    template <class Use>
    static auto with_desc(Use&& use) {
        alignas(T) std::byte defaults[sizeof(T)] = {};
        new (defaults) T{};
        std::array<FieldDesc, field_count + 1> fields{};
        for (std::size_t i = 0; i < field_count; ++i) {
            const detail::FieldInfo& from = info.fields[i];
            fields[i].name = Str{from.name, from.name_chars};
            fields[i].offset = from.offset;
            fields[i].count = from.count;
            fields[i].kind = from.kind;
        }
        ComponentDesc desc;
        desc.name = info.name;
        desc.version = info.version;
        desc.size = is_tag ? 0 : sizeof(T);
        desc.align = is_tag ? 1 : alignof(T);
        desc.storage = is_sparse ? ComponentStorage::sparse : ComponentStorage::table;
        desc.replicated = is_replicated ? 1 : 0;
        desc.fields = fields.data();
        desc.field_count = field_count;
        desc.defaults = is_tag ? nullptr : defaults;
        return use(static_cast<const ComponentDesc&>(desc));
    }
};

}  // namespace gantry

#define GANTRY_COMPONENT(Type, Version, ...) GANTRY_COMPONENT_AS(#Type, Type, Version, __VA_ARGS__)
#define GANTRY_COMPONENT_AS(Name, Type, Version, ...)                                \
    [[maybe_unused]] constexpr auto gantry_component(const Type*) noexcept {         \
        using Self [[maybe_unused]] = Type;                                          \
        return ::gantry::detail::describe(Name, Version __VA_OPT__(, ) __VA_ARGS__); \
    }
/// A component without data.
#define GANTRY_TAG(Type) GANTRY_COMPONENT_AS(#Type, Type, 1)
#define GANTRY_FIELD(member) \
    ::gantry::detail::field<decltype(Self::member)>(#member, offsetof(Self, member))
