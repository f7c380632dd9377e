// gantry/ecs/desc.h: how a plugin describes a component. Plain data; the host copies all of it.
#pragma once
#include "gantry/types.h"

namespace gantry {

/// A component of this host, the same number in every world; names are what is stable across runs.
using ComponentId = std::uint32_t;
inline constexpr ComponentId no_component = 0xffffffffu;

/// What a field holds. The numbers are stored in snapshots: never renumber, only add.
enum class FieldKind : std::uint8_t {
    none = 0,
    boolean = 1,
    i8 = 2,
    i16 = 3,
    i32 = 4,
    i64 = 5,
    u8 = 6,
    u16 = 7,
    u32 = 8,
    u64 = 9,
    f32 = 10,
    f64 = 11,
    entity = 12,  ///< gantry::Entity; remapped when a world is loaded
    text = 13,    ///< `count` chars, ended by a zero unless full
    // 32 to 63 are kept for memory that the host owns (string, array, blob).
};

/// Bytes of one element of a kind; 0 for a kind that is not known here.
constexpr std::uint32_t field_kind_bytes(FieldKind kind) noexcept {
    switch (kind) {
        case FieldKind::boolean:
        case FieldKind::i8:
        case FieldKind::u8:
        case FieldKind::text:
            return 1;
        case FieldKind::i16:
        case FieldKind::u16:
            return 2;
        case FieldKind::i32:
        case FieldKind::u32:
        case FieldKind::f32:
            return 4;
        case FieldKind::i64:
        case FieldKind::u64:
        case FieldKind::f64:
        case FieldKind::entity:
            return 8;
        case FieldKind::none:
            break;
    }
    return 0;
}

/// The name of a kind as it stands in messages: "f32".
constexpr const char* field_kind_name(FieldKind kind) noexcept {
    constexpr const char* names[] = {"none", "bool", "i8",  "i16", "i32", "i64",    "u8",
                                     "u16",  "u32",  "u64", "f32", "f64", "entity", "text"};
    const auto index = static_cast<std::size_t>(kind);
    return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

/// One field. Fields of nested structs are listed flat, under dotted names: "position.x".
struct FieldDesc {
    Str name;
    std::uint32_t offset = 0;  ///< bytes from the start of the component
    std::uint32_t count = 1;   ///< elements of a fixed array; chars of a text
    FieldKind kind = FieldKind::none;
    std::uint8_t reserved[7] = {};
};

enum class ComponentStorage : std::uint8_t {
    table = 0,   ///< in the columns of an archetype: fastest to iterate
    sparse = 1,  ///< in a set of its own: fastest to add and remove
};

/// `count` rows of one component in one layout, for a function that converts them.
struct RowsView {
    const FieldDesc* fields = nullptr;
    std::uint64_t field_count = 0;
    std::byte* rows = nullptr;
    std::uint64_t count = 0;
    std::uint32_t row_bytes = 0;
    std::uint32_t version = 0;  ///< ComponentDesc::version of the layout
};
/// Writes `to` from `from`, row by row, beyond what came over by name. Called on the world's
/// thread, some thousand rows a time, while other rows are in use: it touches nothing else. [world]
using ConvertRows = void (*)(const RowsView* from, const RowsView* to) noexcept;

/// Bits of FieldOrigin::flags.
namespace field_origin {
inline constexpr std::uint32_t converted = 1;  ///< up() and down() give its value, not its name
inline constexpr std::uint32_t shrinks = 2;    ///< an array that was longer loses its last elements
}  // namespace field_origin

/// Where a field's value was in older versions, if its name alone does not tell.
struct FieldOrigin {
    Str was;                  ///< its former name; empty when it had the same
    std::uint32_t field = 0;  ///< index into ComponentDesc::fields
    std::uint32_t flags = 0;
};

/// How a component comes out of its older versions, and goes back to them.
struct ComponentHistory {
    std::uint32_t bytes = 40;  ///< of this struct, as this library knows it
    std::uint32_t reserved = 0;
    const FieldOrigin* origins = nullptr;
    std::uint64_t origin_count = 0;
    ConvertRows up = nullptr;    ///< from an older layout to this one
    ConvertRows down = nullptr;  ///< from this one to an older, at a rollback
};

static_assert(sizeof(ComponentHistory) == 40);

/// A component: trivially copyable bytes that the host may move, copy, save and migrate alone.
struct ComponentDesc {
    Str name;                   ///< stable over versions and unique in a host: "arena.position"
    std::uint32_t version = 1;  ///< raised by the author with the layout or the meaning
    std::uint32_t size = 0;     ///< bytes; 0 for a tag
    std::uint32_t align = 1;    ///< a power of two, at most 64
    ComponentStorage storage = ComponentStorage::table;
    std::uint8_t replicated =
        0;  ///< 1: the host also keeps which rows changed, not only which chunks
    std::uint8_t reserved[2] = {};  ///< {1, 0}: this is the head of a ComponentDescWithHistory
    const FieldDesc* fields = nullptr;
    std::uint64_t field_count = 0;
    const void* defaults = nullptr;  ///< `size` bytes of a new component; null is all zero
};

/// A description that says more than the released one has room for; `desc.reserved[0]` is 1.
struct ComponentDescWithHistory {
    ComponentDesc desc;
    const ComponentHistory* history = nullptr;
};

/// Null when the description tells of none.
inline const ComponentHistory* history_of(const ComponentDesc& desc) noexcept {
    if (desc.reserved[0] != 1) return nullptr;
    return reinterpret_cast<const ComponentDescWithHistory*>(&desc)->history;
}

}  // namespace gantry
