#include "host/ecs/pages.h"

#include <new>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

std::byte* take_aligned(std::size_t bytes, std::size_t align) {
    auto* const taken =
        static_cast<std::byte*>(::operator new (bytes, std::align_val_t{align}, std::nothrow));
    GANTRY_ASSERT(taken != nullptr);
    return taken;
}

std::byte* take_from_heap(std::size_t bytes, bool) { return take_aligned(bytes, huge_page_bytes); }

void give_to_heap(std::byte* pages, std::size_t) noexcept {
    ::operator delete (pages, std::align_val_t{huge_page_bytes});
}

}  // namespace

const PageSource& heap_pages() noexcept {
    static constexpr PageSource source{take_from_heap, give_to_heap};
    return source;
}

std::byte* take_lines(std::size_t bytes) {
    GANTRY_ASSERT(bytes % 64 == 0);
    return take_aligned(bytes, 64);
}

void free_lines(std::byte* lines) noexcept { ::operator delete (lines, std::align_val_t{64}); }

}  // namespace gantry::ecs
