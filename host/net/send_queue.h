// SendQueue: what waits to be written on one connection, as copied bytes and shared ones. Internal.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "gantry/types.h"
#include "host/net/block_pool.h"
#include "host/net/shared_message.h"

namespace gantry::net {

/// A chain of pooled blocks. Empty, it owns nothing. The owner passes the shard's pool to every
/// call and calls clear() at the end.
class SendQueue {
public:
    static constexpr std::uint32_t parts_max = 64;
    static constexpr std::uint32_t extend_bytes_max = 2048;

    std::uint32_t bytes() const noexcept { return bytes_; }
    bool empty() const noexcept { return bytes_ == 0; }

    /// Room for `bytes` contiguous bytes at the end, which the caller fills at once. No more than
    /// extend_bytes_max.
    std::byte* extend(BlockPool& pool, std::uint32_t bytes);
    void append(BlockPool& pool, std::span<const std::byte> bytes);
    /// `part` points into `message`, of which a reference is kept until it is written.
    void append_shared(BlockPool& pool, const SharedMessage& message,
                       std::span<const std::byte> part);
    /// A part of its own for a message link: prefix and payload become exactly one part.
    void append_message(BlockPool& pool, std::span<const std::byte> prefix,
                        std::span<const std::byte> payload, bool text);
    void append_shared_message(BlockPool& pool, const SharedMessage& message,
                               std::span<const std::byte> part, bool text);

    /// Shows the front, as at most `parts_max` parts; returns how many.
    std::uint32_t gather(Bytes (&parts)[parts_max]) const noexcept;
    /// The front part is a text message; for message links.
    bool front_text() const noexcept;
    /// Removes bytes from the front once they were written.
    void consume(BlockPool& pool, std::uint64_t bytes) noexcept;
    void clear(BlockPool& pool) noexcept;

private:
    // Lies at the start of its own pooled block; copied bytes follow it.
    struct Segment {
        Segment* next = nullptr;
        const std::byte* data = nullptr;
        std::uint32_t size = 0;
        std::uint32_t block_bytes = 0;
        std::uint32_t room = 0;  // free bytes behind the data; 0 for shared and finished ones
        bool text = false;
        SharedMessage shared;
    };

    static constexpr std::uint32_t segment_bytes_min = 512;
    static constexpr std::uint32_t segment_bytes_max = 16 * 1024;

    /// As large as what this queue held the last time: a connection that sends little holds little,
    /// one that sends much writes it from one piece.
    std::uint32_t next_segment_room(std::uint64_t wanted) const noexcept;

    Segment* add_segment(BlockPool& pool, std::uint32_t room);
    static void free_segment(BlockPool& pool, Segment* segment) noexcept;

    Segment* head_ = nullptr;
    Segment* tail_ = nullptr;
    std::uint32_t bytes_ = 0;
    std::uint32_t filled_bytes_ = 0;  // since the queue was empty
    std::uint32_t recent_bytes_ = 0;  // filled_bytes_ when it last became empty
};

inline std::byte* SendQueue::extend(BlockPool& pool, std::uint32_t bytes) {
    Segment* tail = tail_;
    if (tail == nullptr || tail->room < bytes) tail = add_segment(pool, next_segment_room(bytes));
    auto* const at = const_cast<std::byte*>(tail->data) + tail->size;
    tail->size += bytes;
    tail->room -= bytes;
    bytes_ += bytes;
    filled_bytes_ += bytes;
    return at;
}

}  // namespace gantry::net
