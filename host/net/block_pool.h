// BlockPool: memory for partial frames and unsent bytes, owned only while they exist. Internal.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry::net {

/// Memory from a BlockPool. Give it back with free(); it does not do so by itself.
struct Block {
    std::byte* data = nullptr;
    std::uint32_t bytes = 0;
    explicit operator bool() const noexcept { return data != nullptr; }
};

/// Powers of two from 64 bytes to 64 KiB are kept for reuse, up to a limit; larger ones go straight
/// to the system and back. One thread.
class BlockPool {
public:
    static constexpr std::uint32_t pooled_bytes_min = 64;
    static constexpr std::uint32_t pooled_bytes_max = 64 * 1024;

    explicit BlockPool(std::uint64_t keep_bytes) noexcept : keep_bytes_{keep_bytes} {}
    ~BlockPool();
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;

    /// At least `bytes` of uninitialised memory.
    Block allocate(std::uint32_t bytes);
    void free(Block block) noexcept;

    /// Blocks that came from the system so far: flat in a steady state.
    std::uint64_t allocations() const noexcept { return allocations_; }
    /// In use and kept, now.
    std::uint64_t bytes() const noexcept { return used_bytes_ + kept_bytes_; }
    std::uint64_t used_bytes() const noexcept { return used_bytes_; }
    /// Freed and not kept, so far.
    std::uint64_t released_bytes() const noexcept { return released_bytes_; }

private:
    static constexpr std::size_t class_count = 11;
    struct FreeBlock {
        FreeBlock* next;
    };

    /// Lets go what other sizes keep, the largest first, until `bytes` more may be kept. Else a
    /// burst of one size would fill the pool for ever, and every block of another come from the
    /// system.
    void make_room(std::size_t size_class, std::uint32_t bytes) noexcept;
    void release(std::byte* data, std::uint32_t bytes) noexcept;

    std::array<FreeBlock*, class_count> free_{};
    std::uint64_t keep_bytes_;
    std::uint64_t kept_bytes_ = 0;
    std::uint64_t used_bytes_ = 0;
    std::uint64_t allocations_ = 0;
    std::uint64_t released_bytes_ = 0;
};

}  // namespace gantry::net
