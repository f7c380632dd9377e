// ChunkArena: memory for the chunks of one world, cheap when small and in huge pages when large.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "host/ecs/pages_ahead.h"

namespace gantry::ecs {

/// Blocks of one size share slabs of pages once there are many of them; before, each is on the
/// heap. A slab without blocks goes back to the operating system, but for one per size. [world]
class ChunkArena {
public:
    ChunkArena(const PageSource& pages, bool huge_pages) noexcept
        : pages_{pages}, huge_pages_{huge_pages} {}
    ~ChunkArena();
    ChunkArena(const ChunkArena&) = delete;
    ChunkArena& operator=(const ChunkArena&) = delete;

    /// `bytes` is a multiple of 64, and so is the address. The content is undefined.
    std::byte* take(std::uint32_t bytes);
    void give(std::byte* block, std::uint32_t bytes) noexcept;

    /// Adds the sizes of the slabs that `count` more blocks of `bytes` need.
    void slabs_for(std::uint32_t bytes, std::uint64_t count, std::vector<std::size_t>& sizes) const;
    /// Pages for the slabs to come, until drop_ready(), which gives back those that nobody needed.
    void use(PagesAhead& pages);
    void drop_ready() noexcept;

    std::uint64_t held_bytes() const noexcept { return held_bytes_; }

private:
    struct Slab {
        std::byte* pages = nullptr;
        std::size_t bytes = 0;
        std::uint32_t used = 0;   // blocks given out
        std::uint32_t fresh = 0;  // blocks never given out begin here
        std::uint32_t count = 0;
        std::vector<std::byte*> free;

        bool full() const noexcept { return used == count; }
    };
    struct Bucket {
        std::uint64_t heap_blocks = 0;
        std::uint32_t slabs_made = 0;
        std::uint32_t empty = 0;
        std::map<std::byte*, Slab> slabs;  // by address
        std::vector<Slab*> open;           // those with a free block; the last is used first
    };

    std::byte* take_from(Slab& slab, Bucket& bucket, std::uint32_t bytes);
    Slab& make_slab(Bucket& bucket, std::uint32_t bytes);

    std::map<std::uint32_t, Bucket> buckets_;  // by block size
    std::vector<PagesAhead::Piece> ready_;
    const PageSource& pages_;
    std::uint64_t held_bytes_ = 0;
    bool huge_pages_;
};

}  // namespace gantry::ecs
