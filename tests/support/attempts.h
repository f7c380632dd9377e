// attempts_wanted: how often a test that chance has a part in tries, by the environment.
#pragma once
#include <cstdint>
#include <cstdlib>

namespace gantry::test {

/// GANTRY_ATTEMPTS makes a long run.
inline std::uint64_t attempts_wanted(std::uint64_t otherwise) {
    const char* const text = std::getenv("GANTRY_ATTEMPTS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace gantry::test
