// SharedMessage: bytes encoded once and queued on many connections by counted reference.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "host/net/frame.h"

namespace gantry::net {

/// Immutable; copies share the bytes. Copy, destroy and read on [any thread].
class SharedMessage {
public:
    SharedMessage() noexcept = default;
    SharedMessage(const SharedMessage& other) noexcept : block_{other.block_} { retain(); }
    SharedMessage(SharedMessage&& other) noexcept : block_{other.block_} { other.block_ = nullptr; }
    SharedMessage& operator=(SharedMessage other) noexcept {
        Block* const mine = block_;
        block_ = other.block_;
        other.block_ = mine;
        return *this;
    }
    ~SharedMessage() { release(); }

    /// Builds header and payload in one block and adds one to `encodings`: a broadcast to any
    /// number of receivers encodes once. head.payload_bytes is set from `payload`.
    static SharedMessage encode(FrameHead head, Bytes payload, bool text,
                                std::atomic<std::uint64_t>& encodings);

    explicit operator bool() const noexcept { return block_ != nullptr; }
    const FrameHead& head() const noexcept { return block_->head; }
    bool text() const noexcept { return block_->text; }
    /// The 12-byte header and the payload, contiguous.
    std::span<const std::byte> wire() const noexcept;
    std::span<const std::byte> payload() const noexcept {
        return wire().subspan(frame_header_bytes);
    }

private:
    struct Block {
        std::atomic<std::uint32_t> references{1};
        bool text = false;
        FrameHead head;
        // The wire bytes follow.
    };
    void retain() const noexcept {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    void release() noexcept;

    Block* block_ = nullptr;
};

}  // namespace gantry::net
