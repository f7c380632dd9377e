// Built: what the numbered messages of a player build, the same on both ends; how they travel.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gantry::test {

/// Message ids of the rules in swap_rules.h. Payloads are structs of this file, as they lie in
/// memory: both ends are on one machine.
enum BuiltId : std::uint16_t {
    built_join = 1,    ///< request: a number, which is the player's; the same comes back
    built_move = 3,    ///< a number, counted up from 1 by every player
    built_state = 4,   ///< to all of a world, every tick: a BuiltState
    built_ping = 5,    ///< request; answered with the player's Built
    built_news = 7,    ///< to all of a world: other rules are in force
    built_total = 8,   ///< request; answered with the BuiltTotal of the world
    built_travel = 9,  ///< the name of a world: the player goes there, and so does what it built
};

/// Each world counts for itself.
struct BuiltState {
    std::uint32_t world = 0;   ///< its id
    std::uint32_t number = 0;  ///< counted up from 1
};

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

struct Built {
    std::uint64_t player = 0;
    std::uint32_t moves = 0;
    std::int32_t score = 0;
    std::uint16_t row = 0;
    std::uint16_t column = 0;
    std::uint32_t strays = 0;  ///< moves that were not the next one

    /// Moves do not commute: one that is lost, comes twice or too early gives another result.
    constexpr void take(std::uint64_t number) noexcept {
        if (number != std::uint64_t{moves} + 1) ++strays;
        const std::uint64_t word = mix(player ^ number << 32);
        ++moves;
        score = static_cast<std::int32_t>((std::uint64_t(score) * 31 + word % 1000) % 1'000'003);
        row = static_cast<std::uint16_t>(row * 3 + word);
        column = static_cast<std::uint16_t>(column * 5 + (word >> 16));
    }
    constexpr std::uint64_t hash() const noexcept {
        std::uint64_t value = mix(player);
        value = mix(value ^ moves);
        value = mix(value ^ static_cast<std::uint32_t>(score));
        return mix(value ^ (std::uint64_t{strays} << 32 | std::uint32_t{row} << 16 | column));
    }
    friend constexpr bool operator==(const Built&, const Built&) noexcept = default;
};

/// Over all players, and all others in the world.
struct BuiltTotal {
    std::uint64_t sum = 0;  ///< of the hashes, in whatever order
    std::uint64_t players = 0;
    std::uint64_t others = 0;

    constexpr BuiltTotal& operator+=(const BuiltTotal& more) noexcept {
        sum += more.sum;
        players += more.players;
        others += more.others;
        return *this;
    }
    friend constexpr bool operator==(const BuiltTotal&, const BuiltTotal&) noexcept = default;
};

template <class T>
std::string to_payload(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}
/// Of another length it is all zero.
template <class T>
T from_payload(std::string_view bytes) {
    T value{};
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

}  // namespace gantry::test
