// Where the large memory of a world comes from.
#pragma once
#include <cstddef>

#include "host/platform/huge_pages.h"

namespace gantry::ecs {

using platform::huge_page_bytes;

/// Pages of the operating system, behind an interface so that tests can count them. `take` answers
/// memory at a 2 MiB boundary (bytes is a multiple of it), in huge pages if asked and possible, and
/// never null: the process ends when there is none, as limits keep it from coming to that.
/// [any thread]
struct PageSource {
    std::byte* (*take)(std::size_t bytes, bool huge);
    void (*give)(std::byte* pages, std::size_t bytes) noexcept;
};

/// The platform's.
const PageSource& system_pages() noexcept;

/// Heap memory at a 64-byte boundary, `bytes` a multiple of 64. [any thread]
std::byte* take_lines(std::size_t bytes);
void free_lines(std::byte* lines) noexcept;

}  // namespace gantry::ecs
