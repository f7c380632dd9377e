// Waker: each of a wake, a descriptor and the time ends a sleep, and no wake is lost.
#include "host/platform/waker.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <span>
#include <thread>

#include "host/platform/pipe.h"

using namespace gantry;
using namespace gantry::platform;

namespace {

constexpr TimeNs for_ever = 3600 * ns_per_s;  // a test that sleeps that long has failed

void rest(Waker& waker, TimeNs duration, std::span<const int> readable = {}) {
    waker.sleep(duration, readable);  // no sleep: it is what the tests are about
}

}  // namespace

TEST_CASE("a wake before the sleep ends it at once, and only that one") {
    Waker waker;
    waker.wake();
    waker.wake();
    rest(waker, for_ever);
    rest(waker, ns_per_ms);  // ends by its time
}

TEST_CASE("a wake from another thread ends the sleep, each time") {
    Waker waker;
    constexpr int rounds = 2000;
    std::atomic<int> asked{0};
    std::thread other{[&] {
        for (int done = 0; done < rounds; ++done) {
            while (asked.load() == done) std::this_thread::yield();
            waker.wake();
        }
    }};
    for (int i = 0; i < rounds; ++i) {
        ++asked;
        rest(waker, for_ever);
    }
    other.join();
}

TEST_CASE("a descriptor that is readable ends the sleep, one that is not does not") {
    Waker waker;
    auto quiet = make_pipe();
    auto pipe = make_pipe();
    REQUIRE(quiet);
    REQUIRE(pipe);
    const std::array<int, 2> readable{quiet->in.number(), pipe->in.number()};
    rest(waker, ns_per_ms, readable);  // ends by its time
    std::thread other{[&] { CHECK(::write(pipe->out.number(), "x", 1) == 1); }};
    rest(waker, for_ever, readable);
    rest(waker, for_ever, readable);  // it still is
    other.join();
}
