#include "host/ecs/chunk_arena.h"

#include <algorithm>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t slab_block_bytes_min = 16u << 10;
constexpr std::uint64_t heap_bytes_max = 1u << 20;  // per block size; then slabs begin
constexpr std::uint32_t small_slabs = 4;
constexpr std::size_t large_slab_bytes = 8 * huge_page_bytes;

constexpr std::size_t whole_pages(std::size_t bytes) {
    return (bytes + huge_page_bytes - 1) & ~(huge_page_bytes - 1);
}

}  // namespace

ChunkArena::~ChunkArena() {
    drop_ready();
    for (auto& [block_bytes, bucket] : buckets_) {
        GANTRY_ASSERT(bucket.heap_blocks == 0);
        for (auto& [address, slab] : bucket.slabs) pages_.give(slab.pages, slab.bytes);
    }
}

std::byte* ChunkArena::take(std::uint32_t bytes) {
    GANTRY_ASSERT(bytes % 64 == 0);
    Bucket& bucket = buckets_[bytes];
    if (!bucket.open.empty()) return take_from(*bucket.open.back(), bucket, bytes);
    if (bytes < slab_block_bytes_min || (bucket.heap_blocks + 1) * bytes <= heap_bytes_max) {
        ++bucket.heap_blocks;
        held_bytes_ += bytes;
        return take_lines(bytes);
    }
    return take_from(make_slab(bucket, bytes), bucket, bytes);
}

void ChunkArena::slabs_for(std::uint32_t bytes, std::uint64_t count,
                           std::vector<std::size_t>& sizes) const {
    if (bytes < slab_block_bytes_min || count * bytes <= heap_bytes_max) return;
    const auto bucket = buckets_.find(bytes);
    if (bucket != buckets_.end()) {
        for (const Slab* slab : bucket->second.open) {
            count -= std::min<std::uint64_t>(count, slab->count - slab->used);
        }
    }
    while (count > 0) {
        const std::size_t slab_bytes = std::min<std::size_t>(
            large_slab_bytes, whole_pages(static_cast<std::size_t>(count) * bytes));
        sizes.push_back(std::max(slab_bytes, whole_pages(bytes)));
        count -= std::min<std::uint64_t>(count, sizes.back() / bytes);
    }
}

void ChunkArena::use(PagesAhead& pages) {
    const auto pieces = pages.take();
    ready_.insert(ready_.end(), pieces.begin(), pieces.end());
}

void ChunkArena::drop_ready() noexcept {
    for (const PagesAhead::Piece& piece : ready_) pages_.give(piece.pages, piece.bytes);
    ready_.clear();
}

ChunkArena::Slab& ChunkArena::make_slab(Bucket& bucket, std::uint32_t bytes) {
    const std::size_t wanted =
        bucket.slabs_made++ < small_slabs ? huge_page_bytes : large_slab_bytes;
    Slab slab;
    const auto ready = std::find_if(ready_.begin(), ready_.end(),
                                    [bytes](const auto& piece) { return piece.bytes >= bytes; });
    if (ready != ready_.end()) {
        slab.pages = ready->pages;
        slab.bytes = ready->bytes;
        ready_.erase(ready);
    } else {
        slab.bytes = whole_pages(std::max<std::size_t>(wanted, bytes));
        slab.pages = pages_.take(slab.bytes, huge_pages_);
    }
    slab.count = static_cast<std::uint32_t>(slab.bytes / bytes);
    held_bytes_ += slab.bytes;
    Slab& made = bucket.slabs.emplace(slab.pages, std::move(slab)).first->second;
    bucket.open.push_back(&made);
    ++bucket.empty;
    return made;
}

std::byte* ChunkArena::take_from(Slab& slab, Bucket& bucket, std::uint32_t bytes) {
    if (slab.used++ == 0) --bucket.empty;
    std::byte* block;
    if (slab.free.empty()) {
        block = slab.pages + std::size_t{slab.fresh++} * bytes;
    } else {
        block = slab.free.back();
        slab.free.pop_back();
    }
    if (slab.full()) std::erase(bucket.open, &slab);
    return block;
}

void ChunkArena::give(std::byte* block, std::uint32_t bytes) noexcept {
    Bucket& bucket = buckets_[bytes];
    auto after = bucket.slabs.upper_bound(block);
    const bool in_slab = after != bucket.slabs.begin() &&
                         block < std::prev(after)->second.pages + std::prev(after)->second.bytes;
    if (!in_slab) {
        GANTRY_ASSERT(bucket.heap_blocks > 0);
        --bucket.heap_blocks;
        held_bytes_ -= bytes;
        return free_lines(block);
    }
    const auto at = std::prev(after);
    Slab& slab = at->second;
    if (slab.full()) bucket.open.push_back(&slab);
    slab.free.push_back(block);
    if (--slab.used > 0) return;
    if (bucket.empty++ == 0) return;
    --bucket.empty;
    std::erase(bucket.open, &slab);
    held_bytes_ -= slab.bytes;
    pages_.give(slab.pages, slab.bytes);
    bucket.slabs.erase(at);
}

}  // namespace gantry::ecs
