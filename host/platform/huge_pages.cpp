#include "host/platform/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

#include "host/core/assert.h"

namespace gantry::platform {

std::byte* map_pages(std::size_t bytes, bool huge) noexcept {
    // Only addresses at 2 MiB can be huge pages, so map too much and give back both ends.
    constexpr std::size_t align = huge_page_bytes;
    void* const mapped = ::mmap(nullptr, bytes + align, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
    const std::uintptr_t aligned = (begin + align - 1) & ~(align - 1);
    auto* const pages = reinterpret_cast<std::byte*>(aligned);
    if (aligned > begin) ::munmap(mapped, aligned - begin);
    if (begin + align > aligned) ::munmap(pages + bytes, begin + align - aligned);
    if (huge) (void)::madvise(pages, bytes, MADV_HUGEPAGE);  // advice: refused is as good
    return pages;
}

void unmap_pages(std::byte* pages, std::size_t bytes) noexcept {
    const int unmapped = ::munmap(pages, bytes);
    GANTRY_ASSERT(unmapped == 0);
}

}  // namespace gantry::platform
