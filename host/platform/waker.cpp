#include "host/platform/waker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "host/core/yield_point.h"

namespace gantry::platform {
namespace {

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) noexcept {
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout,
              nullptr, 0);
}

}  // namespace

void Waker::wake() noexcept {
    core::yield_point();
    if (state_.exchange(woken, std::memory_order_seq_cst) == asleep) {
        futex(state_, FUTEX_WAKE_PRIVATE, 1, nullptr);
    }
}

void Waker::sleep(TimeNs duration) noexcept {
    std::uint32_t expected = idle;
    core::yield_point();
    if (duration > 0 &&
        state_.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst)) {
        timespec timeout{};
        timeout.tv_sec = duration / ns_per_s;
        timeout.tv_nsec = duration % ns_per_s;
        futex(state_, FUTEX_WAIT_PRIVATE, asleep, &timeout);
    }
    core::yield_point();
    state_.store(idle, std::memory_order_seq_cst);
}

}  // namespace gantry::platform
