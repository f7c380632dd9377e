#include "tests/integration/allocation/counted.h"

#include <errno.h>

#include <atomic>
#include <cstddef>

// What glibc's own names are aliases of.
extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void* __libc_calloc(std::size_t count, std::size_t bytes);
extern "C" void* __libc_realloc(void* memory, std::size_t bytes);
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t bytes);

namespace {

std::atomic<std::uint64_t> taken{0};
thread_local bool exempt = false;

void count() noexcept {
    if (!exempt) taken.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" void* malloc(std::size_t bytes) noexcept {
    count();
    return __libc_malloc(bytes);
}
extern "C" void* calloc(std::size_t number, std::size_t bytes) noexcept {
    count();
    return __libc_calloc(number, bytes);
}
extern "C" void* realloc(void* memory, std::size_t bytes) noexcept {
    count();
    return __libc_realloc(memory, bytes);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    count();
    return __libc_memalign(alignment, bytes);
}
extern "C" int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) noexcept {
    count();
    *out = __libc_memalign(alignment, bytes);
    return *out == nullptr ? ENOMEM : 0;
}

namespace gantry::test {

std::uint64_t allocations() noexcept { return taken.load(); }
void exempt_this_thread() noexcept { exempt = true; }

}  // namespace gantry::test
