// gantry/ecs/component.h: describing a struct as a component, once, at compile time.
//     struct Position { float x = 0, y = 0; };
//     GANTRY_COMPONENT(Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
// beside the struct, in its namespace. GANTRY_COMPONENT_AS("arena.position", Position, 1, ...)
// gives it another name than the struct's. A struct of a component may be a field of another, also
// in arrays. What a swap carries over by name; more is declared at the field or by two functions:
//     GANTRY_FIELD(y, .was = "height")   GANTRY_FIELD(slots, .shrinks = true)
//     GANTRY_FIELD(x, .converted = true)
//     static void up(const gantry::OldRow& old, Position& now) noexcept;
//     static void down(const Position& now, gantry::OldRow& old) noexcept;
#pragma once
#include <array>
#include <new>
#include <type_traits>

#include "gantry/ecs/desc.h"
#include "gantry/ecs/fields.h"
#include "gantry/ecs/old_row.h"

namespace gantry {

/// Parts that stand among the fields: GANTRY_COMPONENT(Burning, 1, gantry::sparse, ...).
struct SparsePart {};
struct ReplicatedPart {};
inline constexpr SparsePart sparse{};
inline constexpr ReplicatedPart replicated{};

namespace detail {

template <std::size_t Count>
struct ComponentInfo {
    std::string_view name;
    std::uint32_t version = 1;
    bool sparse = false;
    bool replicated = false;
    std::array<FieldInfo, Count> fields{};
};

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
    static constexpr bool has_up = detail::HasUp<T>;
    static constexpr bool has_down = detail::HasDown<T>;

    /// Calls `use(const ComponentDesc&)`; the description is valid for that call.
    template <class Use>
    static auto with_desc(Use&& use) {
        alignas(T) std::byte defaults[sizeof(T)] = {};
        new (defaults) T{};
        std::array<FieldDesc, field_count + 1> fields{};
        std::array<FieldOrigin, field_count + 1> origins{};
        ComponentHistory history;
        for (std::size_t i = 0; i < field_count; ++i) {
            const detail::FieldInfo& from = info.fields[i];
            fields[i].name = from.name.view();
            fields[i].offset = from.offset;
            fields[i].count = from.count;
            fields[i].kind = from.kind;
            const bool renamed = from.was.view() != from.name.view();
            if (!renamed && from.flags == 0) continue;
            origins[history.origin_count++] = {renamed ? Str{from.was.view()} : Str{},
                                               static_cast<std::uint32_t>(i), from.flags};
        }
        history.origins = origins.data();
        if constexpr (has_up) history.up = detail::up_rows<T>;
        if constexpr (has_down) history.down = detail::down_rows<T>;
        ComponentDescWithHistory whole;
        ComponentDesc& desc = whole.desc;
        desc.name = info.name;
        desc.version = info.version;
        desc.size = is_tag ? 0 : sizeof(T);
        desc.align = is_tag ? 1 : alignof(T);
        desc.storage = is_sparse ? ComponentStorage::sparse : ComponentStorage::table;
        desc.replicated = is_replicated ? 1 : 0;
        desc.fields = fields.data();
        desc.field_count = field_count;
        desc.defaults = is_tag ? nullptr : defaults;
        if (history.origin_count > 0 || has_up || has_down) {
            desc.reserved[0] = 1;
            whole.history = &history;
        }
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
/// `GANTRY_FIELD(y)`, or with what a FieldChange says: `GANTRY_FIELD(y, .was = "height")`.
#define GANTRY_FIELD(member, ...)                                                    \
    ::gantry::detail::field<decltype(Self::member)>(#member, offsetof(Self, member), \
                                                    ::gantry::FieldChange{__VA_ARGS__})
