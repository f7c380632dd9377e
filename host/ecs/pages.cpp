#include "host/ecs/pages.h"

#include <cstdint>
#include <new>

#include "host/core/assert.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gantry::ecs {

#if defined(__linux__)

std::byte* map_pages(std::size_t bytes, bool huge) {
    // Only addresses at 2 MiB can be huge pages, so map too much and give back both ends.
    const std::size_t mapped_bytes = bytes + huge_page_bytes;
    void* const mapped = ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    GANTRY_ASSERT(mapped != MAP_FAILED);
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
    const std::uintptr_t aligned = (begin + huge_page_bytes - 1) & ~(huge_page_bytes - 1);
    const std::size_t before = aligned - begin;
    const std::size_t after = mapped_bytes - before - bytes;
    if (before > 0) ::munmap(mapped, before);
    auto* const pages = reinterpret_cast<std::byte*>(aligned);
    if (after > 0) ::munmap(pages + bytes, after);
    if (huge) (void)::madvise(pages, bytes, MADV_HUGEPAGE);  // advice: refused is as good
    return pages;
}

void unmap_pages(std::byte* pages, std::size_t bytes) noexcept {
    GANTRY_ASSERT(::munmap(pages, bytes) == 0);
}

#else

std::byte* map_pages(std::size_t bytes, bool) {
    auto* const pages = static_cast<std::byte*>(
        ::operator new (bytes, std::align_val_t{huge_page_bytes}, std::nothrow));
    GANTRY_ASSERT(pages != nullptr);
    return pages;
}

void unmap_pages(std::byte* pages, std::size_t) noexcept {
    ::operator delete (pages, std::align_val_t{huge_page_bytes});
}

#endif

std::byte* take_lines(std::size_t bytes) {
    GANTRY_ASSERT(bytes % 64 == 0);
    auto* const lines =
        static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}, std::nothrow));
    GANTRY_ASSERT(lines != nullptr);
    return lines;
}

void free_lines(std::byte* lines) noexcept { ::operator delete (lines, std::align_val_t{64}); }

}  // namespace gantry::ecs
