// What the debug information of a library says of its types: enough to tell whether two libraries
// mean the same by one of them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/core/result.h"

namespace gantry::platform {

struct DebugType {
    struct Slot {
        std::uint64_t index = 0;  ///< in the table of virtual functions
        std::string signature;    ///< "int add(long) const"
    };
    struct Field {
        std::uint64_t offset = 0;  ///< in bytes; of an enumerator its value
        std::string name;          ///< "base" of a base class
        std::string type;          ///< empty of an enumerator
    };
    bool is_enum = false;
    std::uint64_t bytes = 0;
    std::vector<Slot> slots;            ///< by index
    std::vector<Field> fields;          ///< by offset
    std::vector<std::string> mentions;  ///< names of types that the above consists of
};

/// By their full names, "game::Score". Only types that the library knows whole; of the standard
/// library's only their size.
using DebugTypes = std::map<std::string, DebugType>;

/// These types and all that they mention: parameters, fields, bases. The error says that there is
/// no debug information, or what is wrong with it. Reads all of it, so it takes its time.
Result<DebugTypes> read_debug_types(const std::filesystem::path& library,
                                    std::span<const std::string> names);

}  // namespace gantry::platform
