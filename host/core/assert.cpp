#include "host/core/assert.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace gantry::core {
namespace {
std::atomic<unsigned long> bugs{0};
}

void assert_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "gantry: assertion failed: %s at %s:%d\n", condition, file, line);
    std::abort();
}

void bug_found(const char* condition, const char* file, int line) noexcept {
    bugs.fetch_add(1, std::memory_order_relaxed);
    std::fprintf(stderr, "gantry: bug: %s at %s:%d\n", condition, file, line);
#ifndef NDEBUG
    std::abort();
#endif
}

unsigned long bug_count() noexcept { return bugs.load(std::memory_order_relaxed); }

}  // namespace gantry::core
