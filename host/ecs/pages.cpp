#include "host/ecs/pages.h"

#include <new>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

std::byte* take_pages(std::size_t bytes, bool huge) {
    std::byte* const pages = platform::map_pages(bytes, huge);
    GANTRY_ASSERT(pages != nullptr);
    return pages;
}

}  // namespace

const PageSource& system_pages() noexcept {
    static constexpr PageSource source{take_pages, platform::unmap_pages};
    return source;
}

std::byte* take_lines(std::size_t bytes) {
    GANTRY_ASSERT(bytes % 64 == 0);
    auto* const lines =
        static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}, std::nothrow));
    GANTRY_ASSERT(lines != nullptr);
    return lines;
}

void free_lines(std::byte* lines) noexcept { ::operator delete (lines, std::align_val_t{64}); }

}  // namespace gantry::ecs
