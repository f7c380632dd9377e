// Schema: the host's own copy of a component's description, checked.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "gantry/ecs/desc.h"
#include "host/core/result.h"

namespace gantry::ecs {

struct Field {
    std::string name;
    FieldKind kind = FieldKind::none;
    std::uint32_t offset = 0;
    std::uint32_t count = 1;
    std::string was;          ///< its declared former name, or empty
    std::uint32_t flags = 0;  ///< of field_origin

    bool is(std::uint32_t flag) const noexcept { return (flags & flag) != 0; }
    std::uint32_t bytes() const noexcept { return field_kind_bytes(kind) * count; }
};

struct Schema {
    std::string name;
    std::uint32_t version = 1;
    std::uint32_t size = 0;
    std::uint32_t align = 1;
    ComponentStorage storage = ComponentStorage::table;
    bool replicated = false;
    std::vector<Field> fields;        // in the order of the description
    std::vector<std::byte> defaults;  // `size` bytes, zero between the fields

    bool sparse() const noexcept { return storage == ComponentStorage::sparse; }
    /// Null when there is none.
    const Field* find(std::string_view field) const noexcept;
};

/// Copies and checks a plugin's description; the sentence names the component and the field.
Result<Schema> make_schema(const ComponentDesc& desc);

/// The first thing in which two descriptions disagree, such as "field x is f32[1] at 0 here and
/// f64[1] at 0 there"; nothing when they agree. Defaults and histories may differ.
std::optional<std::string> difference(const Schema& here, const Schema& there);

/// "arena.position v2, 12 bytes {x f32 at 0, y f32 at 4, z f32 at 8}"
std::string layout_text(const Schema& schema);

/// The value of a field as people write it: "3.5", "[1, 2, 3]", "\"bob\"", "entity 4/1".
std::string field_text(const Field& field, const void* component);

}  // namespace gantry::ecs
