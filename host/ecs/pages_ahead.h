// PagesAhead: memory that somebody else touches first, because that can cost milliseconds a page.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "host/ecs/pages.h"

namespace gantry::ecs {

/// Made in one room, touched on another thread, then used in the first one. Gives back what nobody
/// took.
class PagesAhead {
public:
    struct Piece {
        std::byte* pages = nullptr;
        std::size_t bytes = 0;
    };

    /// A piece of each size, which are multiples of huge_page_bytes. `source` outlives this.
    PagesAhead(const PageSource& source, bool huge, std::span<const std::size_t> sizes);
    ~PagesAhead() { give_back(pieces_); }
    PagesAhead(const PagesAhead&) = delete;
    PagesAhead& operator=(const PagesAhead&) = delete;

    /// Once. [any thread]
    void touch() noexcept;
    bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }
    /// All pieces, which are the caller's from now on; only when ready().
    std::vector<Piece> take() noexcept;
    void give_back(std::span<const Piece> pieces) const noexcept;

private:
    const PageSource& source_;
    std::vector<Piece> pieces_;
    std::atomic<bool> ready_{false};
};

}  // namespace gantry::ecs
