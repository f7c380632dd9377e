#include "host/net/shared_message.h"

#include <cstring>
#include <new>

#include "host/core/assert.h"

namespace gantry::net {

SharedMessage SharedMessage::encode(FrameHead head, Bytes payload, bool text,
                                    std::atomic<std::uint64_t>& encodings) {
    GANTRY_ASSERT(payload.size <= 0xFFFF'FFFFu - frame_header_bytes);
    head.payload_bytes = static_cast<std::uint32_t>(payload.size);

    void* const memory = ::operator new(sizeof(Block) + frame_header_bytes + payload.size);
    auto* const block = new (memory) Block;
    block->text = text;
    block->head = head;
    auto* const wire = reinterpret_cast<std::byte*>(block + 1);
    encode_head(head, wire);
    if (payload.size != 0) std::memcpy(wire + frame_header_bytes, payload.data, payload.size);
    encodings.fetch_add(1, std::memory_order_relaxed);

    SharedMessage message;
    message.block_ = block;
    return message;
}

std::span<const std::byte> SharedMessage::wire() const noexcept {
    GANTRY_ASSERT(block_ != nullptr);
    return {reinterpret_cast<const std::byte*>(block_ + 1),
            frame_header_bytes + block_->head.payload_bytes};
}

void SharedMessage::release() noexcept {
    if (block_ == nullptr) return;
    if (block_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    block_->~Block();
    ::operator delete(block_);
}

}  // namespace gantry::net
