// The seed of a test run: GANTRY_SEED, or a fresh one; printed by main.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <random>

namespace gantry::test {

inline std::uint64_t seed() {
    static const std::uint64_t value = [] {
        if (const char* text = std::getenv("GANTRY_SEED")) return std::strtoull(text, nullptr, 0);
        return static_cast<unsigned long long>(std::random_device{}());
    }();
    return value;
}

}  // namespace gantry::test
