// Whose code lies where in this process, readable from a signal handler.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gantry::platform {

struct CodeRange {
    const std::byte* begin = nullptr;
    std::size_t bytes = 0;

    bool contains(const void* at) const noexcept {
        const auto* const byte = static_cast<const std::byte*>(at);
        return byte >= begin && byte < begin + bytes;
    }
};

/// Of this program itself. [any thread]
CodeRange program_range() noexcept;

/// Files a library's range under "arena@1.0.0#3". A full table forgets the oldest that has left.
/// [control]
void add_code(CodeRange range, std::string_view label) noexcept;
/// The code is gone; its label stays, so that a stale pointer is blamed by name. [control]
void retire_code(CodeRange range) noexcept;

/// Whose code an address is; empty when nobody's. Takes no lock. [any thread, signal handlers]
struct CodeLabel {
    char text[96] = {};
    bool retired = false;
    explicit operator bool() const noexcept { return text[0] != 0; }
};
CodeLabel code_at(const void* address) noexcept;

/// Keeps a range that was just unmapped from being used again, inaccessible; false when something
/// else lies there already. [control]
bool reserve_range(CodeRange range) noexcept;
void release_range(CodeRange range) noexcept;

/// Makes code that nobody should run any more inaccessible, or accessible again as it was.
/// [control]
bool forbid_code(CodeRange range) noexcept;
bool allow_code(CodeRange range) noexcept;

}  // namespace gantry::platform
