#include "host/ecs/pages_ahead.h"

#include <utility>

#include "host/core/assert.h"

namespace gantry::ecs {

PagesAhead::PagesAhead(const PageSource& source, bool huge, std::span<const std::size_t> sizes)
    : source_{source} {
    for (const std::size_t bytes : sizes) pieces_.push_back({source.take(bytes, huge), bytes});
}

// One write after the other: asking the system for the whole range at once would keep the
// threads waiting that map or unmap something meanwhile.
void PagesAhead::touch() noexcept {
    constexpr std::size_t page_bytes = 4096;
    for (const Piece& piece : pieces_) {
        for (std::size_t at = 0; at < piece.bytes; at += page_bytes) {
            *const_cast<volatile std::byte*>(piece.pages + at) = std::byte{};
        }
    }
    ready_.store(true, std::memory_order_release);
}

std::vector<PagesAhead::Piece> PagesAhead::take() noexcept {
    GANTRY_ASSERT(ready());
    return std::exchange(pieces_, {});
}

void PagesAhead::give_back(std::span<const Piece> pieces) const noexcept {
    for (const Piece& piece : pieces) source_.give(piece.pages, piece.bytes);
}

}  // namespace gantry::ecs
