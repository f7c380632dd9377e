// Counts this program's locks: the linker takes this pthread_mutex_lock for every std::mutex in it
// and in the libraries below it. A lock that somebody else holds is counted as contended, then
// waited for as usual.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include <atomic>

#include "tests/integration/scale/server.h"

namespace {

std::atomic<std::uint64_t> locks{0};
std::atomic<std::uint64_t> contended{0};

using LockFunction = int (*)(pthread_mutex_t*);

LockFunction system_lock() noexcept {
    static std::atomic<LockFunction> found{nullptr};
    LockFunction function = found.load(std::memory_order_acquire);
    if (function == nullptr) {
        function = reinterpret_cast<LockFunction>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
        found.store(function, std::memory_order_release);
    }
    return function;
}

}  // namespace

extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    locks.fetch_add(1, std::memory_order_relaxed);
    const int tried = pthread_mutex_trylock(mutex);
    if (tried != EBUSY) return tried;
    contended.fetch_add(1, std::memory_order_relaxed);
    return system_lock()(mutex);
}

namespace gantry::test {

LockCount lock_count() noexcept { return {locks.load(), contended.load()}; }

}  // namespace gantry::test
