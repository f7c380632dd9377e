// TimerWheel: many timers under a key, phases, order and limits.
#include "host/sched/timer_wheel.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::sched;

namespace {

struct Fixture {
    TimerId add(std::string_view key, TimeNs delay_ms, TimeNs every_ms = 0, std::int32_t repeat = 0,
                std::uint32_t owner = 1, TimerKind kind = TimerKind::portable) {
        TimerSpec spec;
        spec.kind = kind;
        spec.owner = owner;
        spec.key = key;
        spec.handler = "handler";
        spec.delay = delay_ms * ns_per_ms;
        spec.every = every_ms * ns_per_ms;
        spec.repeat = repeat;
        return wheel.add(now, spec).value();
    }
    /// What fires on the way, as "key@ms " each.
    std::string advance(TimeNs ms) {
        now += ms * ns_per_ms;
        std::string fired;
        wheel.advance(now, [&](const Timer& timer, bool last) {
            fired += timer.key + '@' + std::to_string(timer.due / ns_per_ms) + (last ? " " : "+ ");
            if (on_fire) on_fire(timer);
        });
        return fired;
    }

    TimeNs now = 0;
    TimerWheel wheel{1000};
    std::function<void(const Timer&)> on_fire;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a key used three times fires three times, and is cancelled as one") {
    const TimerId first = add("k", 10);
    const TimerId second = add("k", 10);
    CHECK(first != second);
    add("k", 10);
    CHECK(advance(10) == "k@10 k@10 k@10 ");

    add("k", 5);
    add("k", 50);
    add("k", 5000);
    add("other", 5);
    CHECK(wheel.cancel_key("k") == 3);
    CHECK(wheel.cancel_key("k") == 0);
    CHECK(wheel.cancel_key("never used") == 0);
    CHECK(advance(10'000) == "other@15 ");

    const TimerId sub = add("k", 5);
    add("k", 5);
    add("k", 5);
    CHECK(wheel.cancel(sub));
    CHECK_FALSE(wheel.cancel(sub));
    CHECK(advance(5) == "k@10015 k@10015 ");
    CHECK(wheel.counters().active == 0);
}

TEST_CASE_FIXTURE(Fixture, "a delay of zero or less fires on the next turn, never inline") {
    add("zero", 0);
    add("less", -100);
    CHECK(wheel.next_due() <= now);
    CHECK(wheel.counters().fired == 0);
    int added = 0;
    on_fire = [&](const Timer&) {
        if (added++ < 2) add("inner", 0);
    };
    CHECK(advance(0) == "zero@0 less@0 ");
    CHECK(advance(0) == "inner@0 inner@0 ");
    CHECK(advance(0) == "");
}

TEST_CASE_FIXTURE(Fixture, "repeat is how many more times, -1 is for ever, and phases are kept") {
    add("three", 10, 5, 2);
    add("ever", 3, 7, -1);
    std::string fired;
    for (int i = 0; i < 24; ++i) fired += advance(1);
    CHECK(fired == "ever@3+ three@10+ ever@10+ three@15+ ever@17+ three@20 ever@24+ ");
    CHECK(advance(70) == "ever@31+ ");  // late once; what was missed wholly is skipped
    CHECK(advance(0) == "");
    CHECK(advance(1) == "");
    CHECK(advance(6) == "ever@101+ ");  // still 3 more than a multiple of 7
    CHECK(wheel.cancel_key("ever") == 1);
}

TEST_CASE_FIXTURE(Fixture, "timers fire by due time, those of one time in the order of adding") {
    add("c", 70);
    add("a", 5);
    add("d", 70);
    add("b", 64);
    add("far", 5000);
    CHECK(advance(6000) == "a@5 b@64 c@70 d@70 far@5000 ");
}

TEST_CASE_FIXTURE(Fixture, "a handler may cancel itself, its key, and what would fire after it") {
    add("loop", 5, 5, -1);
    add("victim", 5);
    on_fire = [&](const Timer& timer) {
        CHECK(timer.key == "loop");
        CHECK(wheel.cancel_key("victim") == 1);
        CHECK(wheel.cancel(timer.id));
        CHECK_FALSE(wheel.cancel(timer.id));
        for (int i = 0; i < 100; ++i) add("new", 5);  // would reuse its memory
        CHECK(timer.key == "loop");
    };
    CHECK(advance(5) == "loop@5+ ");
    on_fire = nullptr;
    CHECK(advance(100).substr(0, 8) == "new@10 n");
    CHECK(wheel.counters().active == 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "portable timers move to the next generation, private ones end with theirs") {
    add("portable", 10);
    add("private", 10, 0, 0, 1, TimerKind::function);
    add("other", 10, 0, 0, 9);
    CHECK(wheel.count(1, TimerKind::portable) == 1);
    CHECK(wheel.rebind(1, 2) == 1);
    CHECK(wheel.count(1, TimerKind::portable) == 0);
    CHECK(wheel.count(2, TimerKind::portable) == 1);
    CHECK(wheel.cancel_all(1) == 1);
    on_fire = [](const Timer& timer) { CHECK(timer.owner == (timer.key == "other" ? 9 : 2)); };
    CHECK(advance(10) == "portable@10 other@10 ");
}

TEST_CASE_FIXTURE(Fixture, "the payload comes back as it was given") {
    const std::string text = "four";
    TimerSpec spec;
    spec.key = "p";
    spec.payload = Bytes{text};
    REQUIRE(wheel.add(now, spec));
    std::string got;
    on_fire = [&](const Timer& timer) { got = Bytes{timer.payload}.text(); };
    advance(0);
    CHECK(got == "four");
}

TEST_CASE("the limit of timers, of keys and of payloads is an answer and a count") {
    TimerWheel wheel{2};
    TimerSpec spec;
    spec.delay = ns_per_s;
    const TimerId first = wheel.add(0, spec).value();
    CHECK(wheel.add(0, spec));
    CHECK(wheel.add(0, spec).error().status == Status::limit);
    CHECK(wheel.cancel(first));
    CHECK(wheel.add(0, spec));
    CHECK(wheel.counters().refused == 1);

    TimerWheel other{2};
    const std::string long_key(timer_key_bytes_max + 1, 'k');
    spec.key = long_key;
    CHECK(other.add(0, spec).error().status == Status::invalid);
    spec.key = "k";
    const std::vector<std::byte> payload(timer_payload_bytes_max + 1);
    spec.payload = Bytes{std::span<const std::byte>{payload}};
    CHECK(other.add(0, spec).error().status == Status::invalid);
    CHECK(other.counters().refused == 2);
    CHECK(other.counters().active == 0);
}

TEST_CASE("delays beyond the end of time wait for ever, and next_due never comes late") {
    TimerWheel wheel{10};
    TimerSpec spec;
    spec.delay = never;
    REQUIRE(wheel.add(ns_per_s, spec));
    spec.delay = 40 * 24 * 3600 * ns_per_s;  // longer than the widest wheel
    REQUIRE(wheel.add(ns_per_s, spec));
    int fired = 0;
    TimeNs now = ns_per_s;
    int turns = 0;
    while (fired == 0 && turns++ < 100) {
        now = wheel.next_due();
        wheel.advance(now, [&](const Timer&, bool) { ++fired; });
    }
    CHECK(fired == 1);
    CHECK(now == ns_per_s + spec.delay);
    CHECK(turns < 50);
}

TEST_CASE("a hundred thousand timers under one key are added, fired and cancelled quickly") {
    TimerWheel wheel{200'000};
    TimerSpec spec;
    spec.key = "respawn";
    for (int i = 0; i < 100'000; ++i) {
        spec.delay = (i % 1000 + 1) * ns_per_ms;
        REQUIRE(wheel.add(0, spec));
    }
    wheel.advance(500 * ns_per_ms, [](const Timer&, bool) {});
    CHECK(wheel.counters().fired == 50'000);
    CHECK(wheel.cancel_key("respawn") == 50'000);
    CHECK(wheel.next_due() == never);
}
