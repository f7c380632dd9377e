// How schemas, their differences and their values read.
#include <fmt/format.h>

#include <cstring>

#include "host/ecs/schema.h"

namespace gantry::ecs {
namespace {

std::string shape_text(const Field& field) {
    std::string text = field_kind_name(field.kind);
    if (field.count != 1) text += fmt::format("[{}]", field.count);
    return text;
}

template <class T>
T load(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

std::string element_text(FieldKind kind, const std::byte* at) {
    switch (kind) {
        case FieldKind::boolean:
            return load<std::uint8_t>(at) != 0 ? "true" : "false";
        case FieldKind::i8:
            return fmt::format("{}", load<std::int8_t>(at));
        case FieldKind::i16:
            return fmt::format("{}", load<std::int16_t>(at));
        case FieldKind::i32:
            return fmt::format("{}", load<std::int32_t>(at));
        case FieldKind::i64:
            return fmt::format("{}", load<std::int64_t>(at));
        case FieldKind::u8:
            return fmt::format("{}", load<std::uint8_t>(at));
        case FieldKind::u16:
            return fmt::format("{}", load<std::uint16_t>(at));
        case FieldKind::u32:
            return fmt::format("{}", load<std::uint32_t>(at));
        case FieldKind::u64:
            return fmt::format("{}", load<std::uint64_t>(at));
        case FieldKind::f32:
            return fmt::format("{}", load<float>(at));
        case FieldKind::f64:
            return fmt::format("{}", load<double>(at));
        case FieldKind::entity: {
            const auto value = load<std::uint64_t>(at);
            if (value == 0) return "none";
            return fmt::format("entity {}/{}", value & 0xffffffffu, value >> 32);
        }
        case FieldKind::text:
        case FieldKind::none:
            break;
    }
    return "?";
}

std::string quoted(const std::byte* at, std::size_t chars_max) {
    std::string text = "\"";
    for (std::size_t i = 0; i < chars_max && at[i] != std::byte{0}; ++i) {
        const auto c = static_cast<unsigned char>(at[i]);
        if (c == '"' || c == '\\') {
            text += {'\\', static_cast<char>(c)};
        } else if (c < 0x20 || c == 0x7f) {
            text += fmt::format("\\x{:02x}", c);
        } else {
            text += static_cast<char>(c);
        }
    }
    return text + '"';
}

template <class T>
std::optional<std::string> differs(const char* what, const T& here, const T& there) {
    if (here == there) return std::nullopt;
    return fmt::format("{} is {} here and {} there", what, here, there);
}

}  // namespace

std::optional<std::string> difference(const Schema& here, const Schema& there) {
    for (const Field& field : here.fields) {
        const Field* const other = there.find(field.name);
        if (other == nullptr) return fmt::format("field {} is only here", field.name);
        const std::string mine = fmt::format("{} at {}", shape_text(field), field.offset);
        const std::string theirs = fmt::format("{} at {}", shape_text(*other), other->offset);
        if (mine != theirs) {
            return fmt::format("field {} is {} here and {} there", field.name, mine, theirs);
        }
    }
    for (const Field& field : there.fields) {
        if (here.find(field.name) == nullptr)
            return fmt::format("field {} is only there", field.name);
    }
    if (auto text = differs("the size", here.size, there.size)) return text;
    if (auto text = differs("the alignment", here.align, there.align)) return text;
    if (auto text = differs("the version", here.version, there.version)) return text;
    if (auto text = differs("sparse storage", here.sparse(), there.sparse())) return text;
    return differs("replication", here.replicated, there.replicated);
}

std::string layout_text(const Schema& schema) {
    std::string text = fmt::format("{} v{}, {} bytes", schema.name, schema.version, schema.size);
    if (schema.sparse()) text += ", sparse";
    text += " {";
    const char* separator = "";
    for (const Field& field : schema.fields) {
        text +=
            fmt::format("{}{} {} at {}", separator, field.name, shape_text(field), field.offset);
        separator = ", ";
    }
    return text + "}";
}

std::string field_text(const Field& field, const void* component) {
    const std::byte* at = static_cast<const std::byte*>(component) + field.offset;
    if (field.kind == FieldKind::text) return quoted(at, field.count);
    if (field.count == 1) return element_text(field.kind, at);
    std::string text = "[";
    for (std::uint32_t i = 0; i < field.count; ++i) {
        if (i > 0) text += ", ";
        text += element_text(field.kind, at + std::size_t{i} * field_kind_bytes(field.kind));
    }
    return text + "]";
}

}  // namespace gantry::ecs
