// Random: seeded chance for games, tests and jitter. Never for keys, tokens or session ids.
#pragma once
#include <cstdint>

namespace gantry::core {

/// splitmix64 (public domain, Sebastiano Vigna, prng.di.unimi.it): one word of state, any seed
/// good.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return z ^ (z >> 31);
    }
    /// Uniform in [0, limit); 0 when limit is 0.
    std::uint64_t below(std::uint64_t limit) noexcept {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * limit) >> 64);
    }
    /// Uniform in [0, 1).
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

private:
    std::uint64_t state_;
};

}  // namespace gantry::core
