// ConnectionId: a name for one transport link that is never given twice.
#pragma once
#include <cstdint>
#include <functional>

namespace gantry::net {

/// shard(8) | slot(24) | generation(32), from the high end. Zero is none.
struct ConnectionId {
    std::uint64_t value = 0;

    static constexpr std::uint32_t slot_max = 0xFFFFFF;

    static constexpr ConnectionId make(std::uint32_t shard, std::uint32_t slot,
                                       std::uint32_t generation) noexcept {
        return {(std::uint64_t{shard} << 56) | (std::uint64_t{slot} << 32) | generation};
    }
    constexpr std::uint32_t shard() const noexcept {
        return static_cast<std::uint32_t>(value >> 56);
    }
    constexpr std::uint32_t slot() const noexcept {
        return static_cast<std::uint32_t>(value >> 32) & slot_max;
    }
    constexpr std::uint32_t generation() const noexcept {
        return static_cast<std::uint32_t>(value);
    }

    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(ConnectionId, ConnectionId) noexcept = default;
};

}  // namespace gantry::net

template <>
struct std::hash<gantry::net::ConnectionId> {
    std::size_t operator()(gantry::net::ConnectionId id) const noexcept {
        return static_cast<std::size_t>(id.value * 0x9e3779b97f4a7c15ull >> 7);
    }
};
