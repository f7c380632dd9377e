#include "host/net/block_pool.h"

#include <bit>
#include <new>

#include "host/core/assert.h"

namespace gantry::net {

namespace {

std::size_t class_of(std::uint32_t bytes) noexcept {
    const std::uint32_t rounded =
        bytes < BlockPool::pooled_bytes_min ? BlockPool::pooled_bytes_min : std::bit_ceil(bytes);
    return static_cast<std::size_t>(std::countr_zero(rounded) -
                                    std::countr_zero(BlockPool::pooled_bytes_min));
}

}  // namespace

BlockPool::~BlockPool() {
    GANTRY_ASSERT(used_bytes_ == 0);
    for (FreeBlock* block : free_) {
        while (block != nullptr) {
            FreeBlock* const next = block->next;
            ::operator delete(block);
            block = next;
        }
    }
}

Block BlockPool::allocate(std::uint32_t bytes) {
    if (bytes > pooled_bytes_max) {
        ++allocations_;
        used_bytes_ += bytes;
        return {static_cast<std::byte*>(::operator new(bytes)), bytes};
    }
    const std::size_t size_class = class_of(bytes);
    const std::uint32_t rounded = pooled_bytes_min << size_class;
    used_bytes_ += rounded;
    if (FreeBlock* const block = free_[size_class]) {
        free_[size_class] = block->next;
        kept_bytes_ -= rounded;
        return {reinterpret_cast<std::byte*>(block), rounded};
    }
    ++allocations_;
    return {static_cast<std::byte*>(::operator new(rounded)), rounded};
}

void BlockPool::free(Block block) noexcept {
    if (!block) return;
    GANTRY_ASSERT(used_bytes_ >= block.bytes);
    used_bytes_ -= block.bytes;
    if (block.bytes > pooled_bytes_max) return release(block.data, block.bytes);
    const std::size_t size_class = class_of(block.bytes);
    if (kept_bytes_ + block.bytes > keep_bytes_) make_room(size_class, block.bytes);
    if (kept_bytes_ + block.bytes > keep_bytes_) return release(block.data, block.bytes);
    kept_bytes_ += block.bytes;
    free_[size_class] = new (block.data) FreeBlock{free_[size_class]};
}

void BlockPool::make_room(std::size_t size_class, std::uint32_t bytes) noexcept {
    for (std::size_t other = class_count; other-- > 0;) {
        if (other == size_class) continue;
        const std::uint32_t other_bytes = pooled_bytes_min << other;
        while (free_[other] != nullptr && kept_bytes_ + bytes > keep_bytes_) {
            FreeBlock* const block = free_[other];
            free_[other] = block->next;
            kept_bytes_ -= other_bytes;
            release(reinterpret_cast<std::byte*>(block), other_bytes);
        }
    }
}

void BlockPool::release(std::byte* data, std::uint32_t bytes) noexcept {
    released_bytes_ += bytes;
    ::operator delete(data);
}

}  // namespace gantry::net
