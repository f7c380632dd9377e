// Large memory straight from the operating system.
#pragma once
#include <cstddef>

namespace gantry::platform {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// Zeroed memory at a 2 MiB boundary, `bytes` a multiple of it; in huge pages if asked and
/// possible, and taken from the machine only where it is touched. Null when there is none. [any
/// thread]
std::byte* map_pages(std::size_t bytes, bool huge) noexcept;
void unmap_pages(std::byte* pages, std::size_t bytes) noexcept;

}  // namespace gantry::platform
