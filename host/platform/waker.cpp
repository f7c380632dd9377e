#include "host/platform/waker.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "host/core/yield_point.h"

namespace gantry::platform {

void Waker::wake() noexcept {
    core::yield_point();
    if (state_.exchange(woken, std::memory_order_seq_cst) == asleep) pipe_.wake();
}

void Waker::sleep(TimeNs duration, std::span<const int> readable) noexcept {
    constexpr std::size_t readable_max = 32;  // of more, the rest waits for the end of the sleep
    constexpr TimeNs blind = ns_per_ms;
    if (!pipe_) duration = std::min(duration, blind);
    std::uint32_t expected = idle;
    core::yield_point();
    if (duration > 0 &&
        state_.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst)) {
        std::array<pollfd, readable_max + 1> wanted;
        nfds_t count = 0;
        wanted[count++] = {pipe_.number(), POLLIN, 0};
        for (const int one : readable.first(std::min(readable.size(), readable_max))) {
            wanted[count++] = {one, POLLIN, 0};
        }
        const timespec timeout{duration / ns_per_s, duration % ns_per_s};
        (void)::ppoll(wanted.data(), count, &timeout, nullptr);
        if (wanted[0].revents != 0) pipe_.drain();
    }
    core::yield_point();
    state_.store(idle, std::memory_order_seq_cst);
}

}  // namespace gantry::platform
