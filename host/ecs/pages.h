// Whole pages from the operating system, for what is too large for the heap.
#pragma once
#include <cstddef>

namespace gantry::ecs {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// At a 2 MiB boundary, a multiple of 4 KiB; `huge` asks for huge pages. The process ends when
/// there is no memory: limits are there to keep it from coming to that. [any thread]
std::byte* map_pages(std::size_t bytes, bool huge);
void unmap_pages(std::byte* pages, std::size_t bytes) noexcept;

/// Heap memory at a 64-byte boundary, `bytes` a multiple of 64. [any thread]
std::byte* take_lines(std::size_t bytes);
void free_lines(std::byte* lines) noexcept;

}  // namespace gantry::ecs
