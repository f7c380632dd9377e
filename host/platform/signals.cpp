#include "host/platform/signals.h"

#include <csignal>
#include <ctime>

namespace gantry::platform {
namespace {

sigset_t stop_set() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

void take_stop_signals() noexcept {
    const sigset_t set = stop_set();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

int wait_stop_signal(int timeout_ms) noexcept {
    const sigset_t set = stop_set();
    timespec timeout{};
    timeout.tv_sec = timeout_ms / 1000;
    timeout.tv_nsec = (timeout_ms % 1000) * 1'000'000L;
    const int got = ::sigtimedwait(&set, nullptr, &timeout);
    return got > 0 ? got : 0;
}

}  // namespace gantry::platform
