// yield_point(): where threads meet, a build with ThreadSanitizer lets another one go first, by
// chance. In every other build it is nothing.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define GANTRY_YIELDS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GANTRY_YIELDS 1
#endif
#endif

#if defined(GANTRY_YIELDS)
#include <atomic>
#include <cstdlib>
#include <thread>

#include "host/core/random.h"
#endif

namespace gantry::core {

#if defined(GANTRY_YIELDS)

/// The seed is GANTRY_YIELD_SEED of the environment; without one nobody yields. [any thread]
inline void yield_point() noexcept {
    static const std::uint64_t seed = [] {
        const char* const text = std::getenv("GANTRY_YIELD_SEED");
        return text != nullptr ? std::strtoull(text, nullptr, 0) : 0;
    }();
    if (seed == 0) return;
    static std::atomic<std::uint64_t> threads{0};
    thread_local Random random{seed + threads.fetch_add(1, std::memory_order_relaxed)};
    if (random.below(8) == 0) std::this_thread::yield();
}

#else

inline void yield_point() noexcept {}

#endif

}  // namespace gantry::core
