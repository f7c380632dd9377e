#include "host/platform/poll_waker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace gantry::platform {

PollWaker::PollWaker() noexcept : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}

void PollWaker::wake() noexcept {
    if (state_.exchange(woken, std::memory_order_seq_cst) != asleep) return;
    const std::uint64_t one = 1;
    (void)!::write(event_.number(), &one, sizeof one);
}

void PollWaker::sleep(TimeNs duration, std::span<const int> readable) noexcept {
    constexpr std::size_t readable_max = 32;  // of more, the rest waits for the end of the sleep
    constexpr TimeNs blind = ns_per_ms;
    std::array<pollfd, readable_max + 1> wanted{};
    nfds_t count = 0;
    wanted[count++] = {event_.number(), POLLIN, 0};
    for (const int one : readable.first(std::min(readable.size(), readable_max))) {
        wanted[count++] = {one, POLLIN, 0};
    }
    if (!event_) duration = std::min(duration, blind);
    std::uint32_t expected = idle;
    if (duration > 0 &&
        state_.compare_exchange_strong(expected, asleep, std::memory_order_seq_cst)) {
        const timespec timeout{duration / ns_per_s, duration % ns_per_s};
        (void)::ppoll(wanted.data(), count, &timeout, nullptr);
        std::uint64_t wakes = 0;
        if (wanted[0].revents != 0) (void)!::read(event_.number(), &wakes, sizeof wakes);
    }
    state_.store(idle, std::memory_order_seq_cst);
}

}  // namespace gantry::platform
