#include "host/ecs/command_buffer.h"

#include <algorithm>

#include "host/ecs/parts.h"
#include "host/ecs/world.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t first_bytes = 1024;

}  // namespace

Status CommandBuffer::grow(std::uint32_t bytes) noexcept {
    Parts& parts = world_.parts();
    const std::uint64_t needed = std::uint64_t{data_.size} + bytes;
    if (needed > parts.limits.command_bytes_max) {
        ++parts.counters.commands_lost;
        return parts.limit_met();
    }
    if (needed <= data_.capacity) return Status::ok;
    const std::uint64_t wanted =
        std::max<std::uint64_t>({first_bytes, needed, std::uint64_t{data_.capacity} * 2});
    const std::uint64_t capacity =
        std::min<std::uint64_t>(wanted, parts.limits.command_bytes_max) / 8 * 8;
    auto* const grown = static_cast<std::byte*>(std::realloc(data_.bytes, capacity));
    if (grown == nullptr) return parts.limit_met();
    data_.bytes = grown;
    data_.capacity = static_cast<std::uint32_t>(capacity);
    return capacity < needed ? parts.limit_met() : Status::ok;
}

Entity CommandBuffer::reserve() noexcept {
    const auto reserved = world_.reserve();
    return reserved ? *reserved : Entity{};
}

}  // namespace gantry::ecs
