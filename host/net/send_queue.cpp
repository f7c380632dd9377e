#include "host/net/send_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "host/core/assert.h"

namespace gantry::net {

SendQueue::Segment* SendQueue::add_segment(BlockPool& pool, std::uint32_t room) {
    const auto header = static_cast<std::uint32_t>(sizeof(Segment));
    const Block block = pool.allocate(header + room);
    auto* const segment = new (block.data) Segment;
    segment->data = block.data + header;
    segment->block_bytes = block.bytes;
    segment->room = block.bytes - header;
    (tail_ == nullptr ? head_ : tail_->next) = segment;
    tail_ = segment;
    return segment;
}

std::uint32_t SendQueue::next_segment_room(std::uint64_t wanted) const noexcept {
    const std::uint64_t guess = std::max<std::uint64_t>({wanted, recent_bytes_, filled_bytes_});
    const std::uint64_t bytes = std::bit_ceil(std::max<std::uint64_t>(guess, 1) + sizeof(Segment));
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(bytes, segment_bytes_min, segment_bytes_max) - sizeof(Segment));
}

void SendQueue::free_segment(BlockPool& pool, Segment* segment) noexcept {
    const Block block{reinterpret_cast<std::byte*>(segment), segment->block_bytes};
    segment->~Segment();
    pool.free(block);
}

void SendQueue::append(BlockPool& pool, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (tail_ == nullptr || tail_->room == 0) {
            add_segment(pool, next_segment_room(bytes.size()));
        }
        const std::size_t count = std::min<std::size_t>(bytes.size(), tail_->room);
        std::memcpy(const_cast<std::byte*>(tail_->data) + tail_->size, bytes.data(), count);
        tail_->size += static_cast<std::uint32_t>(count);
        tail_->room -= static_cast<std::uint32_t>(count);
        bytes_ += static_cast<std::uint32_t>(count);
        filled_bytes_ += static_cast<std::uint32_t>(count);
        bytes = bytes.subspan(count);
    }
}

void SendQueue::append_shared(BlockPool& pool, const SharedMessage& message,
                              std::span<const std::byte> part) {
    Segment* const segment = add_segment(pool, 0);
    segment->data = part.data();
    segment->size = static_cast<std::uint32_t>(part.size());
    segment->room = 0;
    segment->shared = message;
    bytes_ += segment->size;
}

void SendQueue::append_message(BlockPool& pool, std::span<const std::byte> prefix,
                               std::span<const std::byte> payload, bool text) {
    const std::size_t total = prefix.size() + payload.size();
    Segment* const segment = add_segment(pool, static_cast<std::uint32_t>(total));
    auto* const at = const_cast<std::byte*>(segment->data);
    if (!prefix.empty()) std::memcpy(at, prefix.data(), prefix.size());
    if (!payload.empty()) std::memcpy(at + prefix.size(), payload.data(), payload.size());
    segment->size = static_cast<std::uint32_t>(total);
    segment->room = 0;
    segment->text = text;
    bytes_ += segment->size;
}

void SendQueue::append_shared_message(BlockPool& pool, const SharedMessage& message,
                                      std::span<const std::byte> part, bool text) {
    append_shared(pool, message, part);
    tail_->text = text;
}

std::uint32_t SendQueue::gather(Bytes (&parts)[parts_max]) const noexcept {
    std::uint32_t count = 0;
    for (const Segment* s = head_; s != nullptr && count < parts_max; s = s->next) {
        parts[count++] = {s->data, s->size};
    }
    return count;
}

bool SendQueue::front_text() const noexcept { return head_ != nullptr && head_->text; }

void SendQueue::consume(BlockPool& pool, std::uint64_t bytes) noexcept {
    GANTRY_ASSERT(bytes <= bytes_);
    bytes_ -= static_cast<std::uint32_t>(bytes);
    while (head_ != nullptr && bytes >= head_->size) {
        bytes -= head_->size;
        Segment* const done = head_;
        head_ = done->next;
        free_segment(pool, done);
    }
    if (head_ == nullptr) {
        tail_ = nullptr;
        recent_bytes_ = std::exchange(filled_bytes_, 0);
        return;
    }
    head_->data += bytes;
    head_->size -= static_cast<std::uint32_t>(bytes);
}

void SendQueue::clear(BlockPool& pool) noexcept {
    while (head_ != nullptr) {
        Segment* const next = head_->next;
        free_segment(pool, head_);
        head_ = next;
    }
    tail_ = nullptr;
    bytes_ = 0;
}

}  // namespace gantry::net
