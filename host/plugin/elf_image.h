// ElfImage: what a library file says of itself, read without running any of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/plugin.h"
#include "host/core/result.h"

namespace gantry::plugin {

/// The facts that decide whether a library may be opened. ELF-64, little endian
/// (System V ABI, chapters 4 and 5; the GNU extensions STB_GNU_UNIQUE and NT_GNU_BUILD_ID).
struct ElfImage {
    PluginDesc desc{};                 ///< copied from the section; its pointers mean nothing here
    std::string build_id;              ///< hexadecimal, or empty
    std::string messages;              ///< what message_schema.h reads; empty where there are none
    std::vector<std::string> needed;   ///< DT_NEEDED
    std::vector<std::string> unique;   ///< STB_GNU_UNIQUE symbols: the library would never unload
    std::vector<std::string> imports;  ///< undefined symbols
    std::vector<std::string> exports;  ///< defined and visible, gantry_plugin among them
    bool has_run_path = false;         ///< DT_RPATH or DT_RUNPATH
    bool never_unloads = false;        ///< DF_1_NODELETE
    bool text_relocations = false;     ///< DT_TEXTREL: its code would be made writable
    bool executable_stack = false;     ///< PT_GNU_STACK says so, or is not there
    bool filters = false;              ///< DT_FILTER, DT_AUXILIARY, DT_AUDIT: further libraries
};

/// Reads the whole file's bytes. The error is one sentence that begins with `name`, such as
/// "arena.so: not a plugin: it has no section .gantry_plugin; …". Total: any bytes are safe.
Result<ElfImage> read_elf_image(std::span<const std::byte> file, std::string_view name);

}  // namespace gantry::plugin
