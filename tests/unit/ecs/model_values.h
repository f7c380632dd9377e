// Components as a naive model has them: layouts, and values by the names of fields.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gantry/ecs/desc.h"

namespace gantry::test {

/// The fields of one component by name. Small whole numbers only, exact in every kind.
using Values = std::map<std::string, std::int64_t>;
/// A component's layout, as a plugin of some version would describe it.
struct Layout {
    const char* name;
    std::uint32_t size;
    std::vector<FieldDesc> fields;
    ComponentStorage storage = ComponentStorage::table;
    bool replicated = false;
};

/// `size` bytes that all hold one value.
Layout pattern(const char* name, std::uint32_t size, ComponentStorage storage, bool replicated);
/// One layout of the component that migrates; `version` in [0, 4).
Layout changing_layout(const char* name, std::uint32_t version, ComponentStorage storage);
ComponentDesc describe(const Layout& layout, std::uint32_t version, const std::byte* defaults);

/// Null when the layout has no such field.
const FieldDesc* find_field(const Layout& layout, const std::string& name);
Values defaults(const Layout& layout);
std::vector<std::byte> bytes_of(const Layout& layout, const Values& values);
bool holds(const Layout& layout, const Values& values, const void* component);

}  // namespace gantry::test
