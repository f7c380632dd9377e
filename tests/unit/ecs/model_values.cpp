#include "tests/unit/ecs/model_values.h"

#include <algorithm>
#include <cstring>

namespace gantry::test {
namespace {

FieldDesc field(const char* name, FieldKind kind, std::uint32_t offset, std::uint32_t count = 1) {
    FieldDesc out;
    out.name = name;
    out.kind = kind;
    out.offset = offset;
    out.count = count;
    return out;
}

template <class T>
void put(std::byte* at, std::int64_t value) {
    const T out = static_cast<T>(value);
    std::memcpy(at, &out, sizeof out);
}
template <class T>
bool equals(const std::byte* at, std::int64_t value) {
    T in;
    std::memcpy(&in, at, sizeof in);
    return in == static_cast<T>(value);
}

template <class Use>
auto with_field(FieldKind kind, const Use& use) {
    switch (kind) {
        case FieldKind::i32:
            return use(std::int32_t{});
        case FieldKind::i64:
            return use(std::int64_t{});
        case FieldKind::u32:
            return use(std::uint32_t{});
        case FieldKind::f32:
            return use(float{});
        case FieldKind::f64:
            return use(double{});
        default:
            return use(std::uint8_t{});
    }
}

}  // namespace

Layout pattern(const char* name, std::uint32_t size, ComponentStorage storage, bool replicated) {
    Layout layout{name, size, {}, storage, replicated};
    if (size > 0) layout.fields.push_back(field("all", FieldKind::u8, 0, size));
    return layout;
}

const FieldDesc* find_field(const Layout& layout, const std::string& name) {
    for (const FieldDesc& one : layout.fields) {
        if (one.name.view() == name) return &one;
    }
    return nullptr;
}

Layout changing_layout(const char* name, std::uint32_t version, ComponentStorage storage) {
    Layout layout{name, 16, {}, storage, version == 1};
    switch (version) {
        case 0:
            layout.size = 8;
            layout.fields = {field("a", FieldKind::i32, 0), field("b", FieldKind::f32, 4)};
            break;
        case 1:
            layout.fields = {field("a", FieldKind::i64, 0), field("b", FieldKind::f32, 8),
                             field("c", FieldKind::u32, 12)};
            break;
        case 2:
            layout.fields = {field("c", FieldKind::u32, 0), field("a", FieldKind::i64, 8)};
            break;
        default:
            layout.size = 24;
            layout.fields = {field("b", FieldKind::f64, 0), field("a", FieldKind::i64, 8)};
    }
    return layout;
}

ComponentDesc describe(const Layout& layout, std::uint32_t version, const std::byte* defaults) {
    ComponentDesc desc;
    desc.name = layout.name;
    desc.version = version;
    desc.size = layout.size;
    desc.align = layout.size % 8 == 0 && layout.size > 0 ? 8 : 1;
    desc.storage = layout.storage;
    desc.replicated = layout.replicated ? 1 : 0;
    desc.fields = layout.fields.data();
    desc.field_count = layout.fields.size();
    desc.defaults = defaults;
    return desc;
}

Values defaults(const Layout& layout) {
    Values values;
    for (const FieldDesc& one : layout.fields) {
        values[std::string{one.name.view()}] =
            5 + static_cast<std::int64_t>(one.name.view()[0] - 'a');
    }
    return values;
}

std::vector<std::byte> bytes_of(const Layout& layout, const Values& values) {
    std::vector<std::byte> bytes(layout.size);
    for (const FieldDesc& one : layout.fields) {
        const std::int64_t value = values.at(std::string{one.name.view()});
        for (std::uint32_t i = 0; i < one.count; ++i) {
            with_field(one.kind, [&](auto zero) {
                put<decltype(zero)>(bytes.data() + one.offset + sizeof zero * i, value);
            });
        }
    }
    return bytes;
}

bool holds(const Layout& layout, const Values& values, const void* component) {
    const auto* bytes = static_cast<const std::byte*>(component);
    return std::all_of(layout.fields.begin(), layout.fields.end(), [&](const FieldDesc& one) {
        const std::int64_t value = values.at(std::string{one.name.view()});
        bool same = true;
        for (std::uint32_t i = 0; i < one.count; ++i) {
            same &= with_field(one.kind, [&](auto zero) {
                return equals<decltype(zero)>(bytes + one.offset + sizeof zero * i, value);
            });
        }
        return same;
    });
}

}  // namespace gantry::test
