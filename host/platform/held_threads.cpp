#include "host/platform/held_threads.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace gantry::platform {
namespace {

// For the process, as signal handlers are. The faults lie on the stacks of those threads, which
// nobody will ever leave.
constinit std::atomic<const Fault*> filed[held_threads_max] = {};
constinit std::atomic<std::uint32_t> taken{0};
constinit std::uint32_t told = 0;

}  // namespace

void hold_thread(const Fault& fault) noexcept {
    std::uint32_t place = taken.load();
    do {
        if (place == held_threads_max) return;
    } while (!taken.compare_exchange_weak(place, place + 1));
    sigset_t all;  // signals of the process are for its other threads
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    filed[place].store(&fault, std::memory_order_release);
    while (true) ::pause();
}

std::optional<Fault> take_held_fault() noexcept {
    if (told == held_threads_max) return {};
    const Fault* const fault = filed[told].load(std::memory_order_acquire);
    if (fault == nullptr) return {};
    ++told;
    return *fault;
}

std::uint32_t held_threads() noexcept { return taken.load(std::memory_order_relaxed); }

}  // namespace gantry::platform
