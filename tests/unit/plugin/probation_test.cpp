// Probation: each limit just met and just passed, what excuses, and the sentences. A version that
// refused every request once passed, for an error that a handler answers itself was nobody's
// failure; and of the shares and ratios in the manifest no test knew.
#include "host/plugin/probation.h"

#include <doctest/doctest.h>

using namespace gantry;
using namespace gantry::plugin;

namespace {

constexpr std::uint64_t mb = 1 << 20;
constexpr std::uint64_t us = 1000;

/// What one generation does in each tenth of a second.
struct Tenth {
    std::uint64_t messages = 100;
    std::uint64_t failures = 0;
    std::uint64_t errors = 0;
    std::uint64_t handler_us = 100;
    std::uint64_t ticks = 10;
    std::uint64_t tick_us = 1000;  ///< each
};

VitalsHistory history_of(const Tenth& each, int looks) {
    VitalsHistory history;
    VitalsSum sum;
    TimeNs now = ns_per_s;
    history.look(now, sum);
    for (int i = 0; i < looks; ++i) {
        sum.messages += each.messages;
        sum.failures += each.failures;
        sum.errors += each.errors;
        sum.handler_samples += each.messages != 0 ? 1 : 0;
        sum.handler_ns += each.messages != 0 ? each.handler_us * us : 0;
        sum.ticks += each.ticks;
        sum.tick_ns += each.ticks * each.tick_us * us;
        history.look(now += 100 * ns_per_ms, sum);
    }
    return history;
}

/// The sentence of a judgement a second after the commit; empty: it may stay.
std::string judged(const Tenth& before, const Tenth& now, std::uint64_t failures = 0,
                   std::uint64_t grown_bytes = 0, int looks_before = 50, int looks = 10) {
    const Probation probation{{}, history_of(before, looks_before).rates(), 10 * mb, 0};
    const auto finding =
        probation.judge(history_of(now, looks), failures, 10 * mb + grown_bytes, ns_per_s);
    return finding ? finding->what : "";
}

Tenth with_errors(std::uint64_t of_hundred) { return {.errors = of_hundred}; }
Tenth with_handler(std::uint64_t time_us) { return {.handler_us = time_us}; }
Tenth with_tick(std::uint64_t time_us) { return {.tick_us = time_us}; }

}  // namespace

TEST_CASE("a history tells rates, and medians that a single slow look does not move") {
    VitalsHistory history = history_of({.failures = 2, .errors = 10}, 10);
    const auto rates = history.rates();
    CHECK(rates.looks == 10);
    CHECK(rates.messages == 1000);
    CHECK(rates.ticks == 100);
    CHECK(rates.failures_per_s == doctest::Approx(20));
    CHECK(rates.failed_share == doctest::Approx(0.1));
    CHECK(rates.handler_us == doctest::Approx(100));
    CHECK(rates.tick_us == doctest::Approx(1000));
    VitalsSum slow{1000, 20, 100, 10, 1000 * us, 100, 100'000 * us};
    slow.ticks += 10;
    slow.tick_ns += 10 * 500'000 * us;
    history.look(ns_per_s + 1100 * ns_per_ms, slow);
    CHECK(history.rates().tick_us == doctest::Approx(1000));
    CHECK(history.rates().looks == 11);
}

TEST_CASE("a history keeps the last looks, and its first only tells from when on") {
    CHECK(history_of({}, 0).rates().looks == 0);
    CHECK(history_of({}, 500).rates().looks == VitalsHistory::looks_max);
    CHECK(history_of({}, 500).rates().messages == 100 * VitalsHistory::looks_max);
    const VitalsHistory history = history_of({}, 1);
    CHECK_FALSE(history.due(ns_per_s + 199 * ns_per_ms));
    CHECK(history.due(ns_per_s + 200 * ns_per_ms));
}

TEST_CASE("failures count alone, beyond twice what the old version had in that time") {
    CHECK(judged({}, {}, 2) == "");
    CHECK(judged({}, {}, 3) == "3 failures in its probation");
    const Tenth threw{.failures = 1};  // ten a second, so twenty are excused, and two
    CHECK(judged(threw, {}, 22) == "");
    CHECK(judged(threw, {}, 23) == "23 failures in its probation");
}

TEST_CASE("memory is judged by the growth of the process, in whole megabytes beyond the limit") {
    CHECK(judged({}, {}, 0, 256 * mb) == "");
    CHECK(judged({}, {}, 0, 257 * mb) == "the process grew by 257 MB in its probation");
}

TEST_CASE("messages answered with an error are compared with the share of the old version") {
    CHECK(judged({}, with_errors(5)) == "");
    CHECK(judged({}, with_errors(6)) ==
          "6.0 % of its messages were answered with an error, 0.0 % before");
    CHECK(judged({}, with_errors(100)) ==
          "100.0 % of its messages were answered with an error, 0.0 % before");
    CHECK(judged(with_errors(30), with_errors(35)) == "");
    CHECK(judged(with_errors(30), with_errors(36)) ==
          "36.0 % of its messages were answered with an error, 30.0 % before");
}

TEST_CASE("too few messages of either version are not compared") {
    const Tenth quiet{.messages = 4, .errors = 4, .handler_us = 5000};  // 40 in ten looks
    CHECK(judged({}, quiet) == "");
    CHECK(judged({}, {.messages = 5, .errors = 5}) != "");
    CHECK(judged({.messages = 0}, with_errors(100)) == "");
    CHECK(judged({.messages = 0}, with_handler(5000)) == "");
}

TEST_CASE("the time of systems is compared by ratio, and beyond the noise of a machine") {
    CHECK(judged({}, with_tick(1400)) == "");
    CHECK(judged({}, with_tick(1401)) == "its systems take 1401 us per tick, 1000 us before");
    CHECK(judged(with_tick(50), with_tick(150)) == "");
    CHECK(judged(with_tick(50), with_tick(151)) ==
          "its systems take 151 us per tick, 50 us before");
    CHECK(judged({.ticks = 0}, with_tick(5000)) == "");  // its world did not tick before
}

TEST_CASE("the time of a message is compared by ratio, and beyond the noise of a machine") {
    CHECK(judged({}, with_handler(300)) == "");
    CHECK(judged({}, with_handler(301)) == "a message takes it 301.0 us, 100.0 us before");
    CHECK(judged(with_handler(2), with_handler(22)) == "");
    CHECK(judged(with_handler(2), with_handler(23)) == "a message takes it 23.0 us, 2.0 us before");
}

TEST_CASE("times wait for enough looks at both versions; errors and failures do not") {
    CHECK(judged({}, with_tick(5000), 0, 0, 50, 7) == "");
    CHECK(judged({}, with_tick(5000), 0, 0, 7, 50) == "");
    CHECK(judged({}, with_tick(5000), 0, 0, 8, 8) != "");
    CHECK(judged({}, with_errors(50), 0, 0, 1, 1) != "");
    CHECK(judged({}, {}, 3, 0, 0, 0) != "");
}

TEST_CASE("the manifest's limits are those that count") {
    const auto finding = [](const ProbationLimits& limits, const Tenth& now) {
        const Probation probation{limits, history_of({}, 50).rates(), 0, 0};
        return probation.judge(history_of(now, 10), 0, 0, ns_per_s).has_value();
    };
    CHECK_FALSE(finding({.failed_share_max = 0.5}, with_errors(50)));
    CHECK(finding({.failed_share_max = 0.5}, with_errors(51)));
    CHECK_FALSE(finding({.tick_ratio_max = 2}, with_tick(2000)));
    CHECK(finding({.tick_ratio_max = 2}, with_tick(2001)));
    CHECK_FALSE(finding({.handler_ratio_max = 1.5}, with_handler(150)));
    CHECK(finding({.handler_ratio_max = 1.5}, with_handler(151)));
}

TEST_CASE("two versions are comparable by messages or by ticks, with enough looks") {
    const auto rates = [](const Tenth& each, int looks) { return history_of(each, looks).rates(); };
    CHECK(rates({}, 8).comparable(rates({}, 8)));
    CHECK_FALSE(rates({}, 7).comparable(rates({}, 8)));
    CHECK_FALSE(rates({}, 8).comparable(rates({}, 7)));
    const Tenth idle{.messages = 0, .ticks = 0};
    const Tenth only_ticks{.messages = 0};
    const Tenth only_messages{.ticks = 0};
    CHECK(rates(only_ticks, 10).comparable(rates({}, 10)));
    CHECK(rates(only_messages, 10).comparable(rates({}, 10)));
    CHECK_FALSE(rates(only_messages, 10).comparable(rates(only_ticks, 10)));
    CHECK_FALSE(rates(idle, 10).comparable(rates({}, 10)));
}
