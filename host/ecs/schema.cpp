#include "host/ecs/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace gantry::ecs {
namespace {

constexpr std::size_t name_chars_max = 128;
constexpr std::uint32_t component_bytes_max = 16u << 10;  // a row must fit a chunk many times
constexpr std::uint32_t component_align_max = 64;
constexpr std::uint64_t fields_max = 512;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= name_chars_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Error wrong(std::string_view component, std::string_view what) {
    return Error{Status::invalid, fmt::format("component {}: {}", component, what)};
}

Result<Done> check_head(const ComponentDesc& desc) {
    const std::string_view name = desc.name.data == nullptr ? std::string_view{} : desc.name.view();
    if (!is_name(name)) {
        return wrong("(unnamed)", "its name must be 1 to 128 visible ASCII characters");
    }
    if (desc.size > component_bytes_max) {
        return wrong(name, fmt::format("{} bytes are more than the {} a component may have",
                                       desc.size, component_bytes_max));
    }
    if (!std::has_single_bit(desc.align) || desc.align > component_align_max ||
        desc.size % desc.align != 0) {
        return wrong(name, fmt::format("alignment {} is not a power of two up to {} that divides "
                                       "its {} bytes",
                                       desc.align, component_align_max, desc.size));
    }
    if (desc.storage != ComponentStorage::table && desc.storage != ComponentStorage::sparse) {
        return wrong(name, "its storage is neither table nor sparse");
    }
    if (desc.replicated > 1 || desc.reserved[0] > 1 || desc.reserved[1] != 0) {
        return wrong(name, "reserved bytes are not zero; the SDK is newer than this host");
    }
    if (desc.field_count > fields_max || (desc.field_count > 0 && desc.fields == nullptr)) {
        return wrong(name, fmt::format("at most {} fields may be described", fields_max));
    }
    return Done{};
}

Result<Field> check_field(const ComponentDesc& desc, const FieldDesc& from) {
    const std::string_view name = from.name.data == nullptr ? std::string_view{} : from.name.view();
    if (!is_name(name)) return wrong(desc.name, "a field has no proper name");
    const std::uint32_t element_bytes = field_kind_bytes(from.kind);
    if (element_bytes == 0) {
        return wrong(desc.name, fmt::format("field {} is of kind {}, which this host does not know",
                                            name, static_cast<int>(from.kind)));
    }
    const std::uint64_t end = from.offset + std::uint64_t{element_bytes} * from.count;
    if (from.count == 0 || end > desc.size) {
        return wrong(desc.name,
                     fmt::format("field {} ends at byte {} of {}", name, end, desc.size));
    }
    return Field{std::string{name}, from.kind, from.offset, from.count, {}, 0};
}

Result<Done> check_overlap(const Schema& schema) {
    std::vector<const Field*> sorted;
    for (const Field& field : schema.fields) sorted.push_back(&field);
    std::sort(sorted.begin(), sorted.end(),
              [](const Field* a, const Field* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const Field& before = *sorted[i - 1];
        if (before.offset + before.bytes() > sorted[i]->offset) {
            return wrong(schema.name,
                         fmt::format("fields {} and {} overlap", before.name, sorted[i]->name));
        }
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const Field* a, const Field* b) { return a->name < b->name; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i - 1]->name == sorted[i]->name) {
            return wrong(schema.name, fmt::format("two fields are named {}", sorted[i]->name));
        }
    }
    return Done{};
}

/// Following `was` from a field to a field of that name must end: a ring of names tells nothing.
bool ends(const Schema& schema, const Field& begin) {
    const Field* at = &begin;
    for (std::size_t steps = 0; at != nullptr && !at->was.empty(); ++steps) {
        if (steps > schema.fields.size()) return false;
        at = schema.find(at->was);
    }
    return true;
}

Result<Done> check_names(const Schema& schema) {
    for (const Field& one : schema.fields) {
        if (one.was.empty()) continue;
        if (!ends(schema, one)) {
            return wrong(schema.name,
                         fmt::format("the former names of field {} lead in a circle; rename in two "
                                     "versions, or by up()",
                                     one.name));
        }
        for (const Field& other : schema.fields) {
            if (&one == &other || one.was != other.was) continue;
            return wrong(schema.name, fmt::format("fields {} and {} both were {}; split it by up()",
                                                  one.name, other.name, one.was));
        }
    }
    return Done{};
}

Result<Done> read_history(const ComponentHistory& history, Schema& schema) {
    constexpr std::uint32_t flags = field_origin::converted | field_origin::shrinks;
    if (history.bytes < sizeof history || history.reserved != 0 ||
        (history.origin_count > 0 && history.origins == nullptr)) {
        return wrong(schema.name, "its history is malformed");
    }
    if (history.origin_count > schema.fields.size()) {
        return wrong(schema.name, "its history has more entries than it has fields");
    }
    for (std::uint64_t i = 0; i < history.origin_count; ++i) {
        const FieldOrigin& origin = history.origins[i];
        if (origin.field >= schema.fields.size() || (origin.flags & ~flags) != 0) {
            return wrong(schema.name, "its history tells of a field or flag that is not there");
        }
        Field& field = schema.fields[origin.field];
        field.flags = origin.flags;
        if (field.is(field_origin::converted) && history.up == nullptr) {
            return wrong(
                schema.name,
                fmt::format("field {} is declared converted, but there is no up()", field.name));
        }
        if (origin.was.data == nullptr || origin.was.size == 0) continue;
        if (!is_name(origin.was)) {
            return wrong(schema.name,
                         fmt::format("field {} has no proper former name", field.name));
        }
        field.was = origin.was.view();
    }
    return check_names(schema);
}

}  // namespace

const Field* Schema::find(std::string_view field) const noexcept {
    for (const Field& one : fields) {
        if (one.name == field) return &one;
    }
    return nullptr;
}

Result<Schema> make_schema(const ComponentDesc& desc) {
    if (auto head = check_head(desc); !head) return head.error();
    Schema schema;
    schema.name = desc.name.view();
    schema.version = desc.version;
    schema.size = desc.size;
    schema.align = desc.align;
    schema.storage = desc.storage;
    schema.replicated = desc.replicated != 0;
    schema.defaults.resize(desc.size);
    for (std::uint64_t i = 0; i < desc.field_count; ++i) {
        auto field = check_field(desc, desc.fields[i]);
        if (!field) return field.error();
        schema.fields.push_back(std::move(*field));
    }
    if (auto apart = check_overlap(schema); !apart) return apart.error();
    if (const ComponentHistory* const history = history_of(desc)) {
        if (auto told = read_history(*history, schema); !told) return told.error();
    }
    if (desc.defaults == nullptr || desc.size == 0) return schema;

    const auto* defaults = static_cast<const std::byte*>(desc.defaults);
    if (schema.fields.empty()) std::memcpy(schema.defaults.data(), defaults, desc.size);
    for (const Field& field : schema.fields) {  // not the padding: it may hold anything
        std::memcpy(schema.defaults.data() + field.offset, defaults + field.offset, field.bytes());
    }
    return schema;
}

}  // namespace gantry::ecs
