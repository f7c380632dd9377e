// TimerWheel against a naive list: random timers, cancellations inside handlers, leaps of time.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/core/random.h"
#include "host/sched/timer_wheel.h"
#include "host/testing/seed.h"

using namespace gantry;
using namespace gantry::sched;

namespace {

struct Naive {
    TimerId id = 0;
    std::string key;
    std::uint32_t owner = 0;
    TimerKind kind = TimerKind::portable;
    TimeNs due = 0;
    bool at_once = false;
    TimeNs every = 0;
    std::int32_t repeat = 0;
    std::uint64_t order = 0;
    bool live = true;
};

TimeNs ceil_ms(TimeNs time) { return (time + ns_per_ms - 1) / ns_per_ms * ns_per_ms; }

class Driver {
public:
    explicit Driver(std::uint64_t seed) : random_{seed} {}

    void run(int steps) {
        for (int step = 0; step < steps && !wrong_; ++step) {
            if (below(3) == 0) {
                advance();
            } else {
                change();
            }
        }
    }
    bool wrong() const noexcept { return wrong_; }

private:
    std::uint64_t below(std::uint64_t limit) { return random_.below(limit); }

    void change() {
        switch (below(8)) {
            case 0:
                return cancel_one();
            case 1:
                return cancel_key();
            case 2:
                return below(10) == 0 ? rebind() : void();
            case 3:
                return below(20) == 0 ? cancel_owner() : void();
            default:
                return add();
        }
    }

    void add() {
        static constexpr TimeNs reaches[] = {1, 70, 5'000, 400'000, 20'000'000, 3'000'000'000};
        TimerSpec spec;
        const std::string key = "key" + std::to_string(below(5));
        spec.key = key;
        spec.owner = static_cast<std::uint32_t>(below(3));
        spec.kind = below(2) == 0 ? TimerKind::portable : TimerKind::function;
        const TimeNs reach = reaches[below(6)] * ns_per_ms;
        spec.delay = static_cast<TimeNs>(below(static_cast<std::uint64_t>(reach))) - ns_per_ms / 2;
        spec.every = static_cast<TimeNs>(below(90)) * ns_per_ms / 3;
        spec.repeat = static_cast<std::int32_t>(below(5)) - 1;
        const auto added = wheel_.add(now_, spec);
        if (!added) return expect(live() == timers_max);
        timers_.push_back({*added, key, spec.owner, spec.kind,
                           now_ + std::max<TimeNs>(spec.delay, 0), spec.delay <= 0, spec.every,
                           spec.repeat, order_++, true});
    }

    void cancel_one() {
        if (timers_.empty()) return;
        Naive& timer = timers_[below(timers_.size())];
        expect(wheel_.cancel(timer.id) == timer.live);
        timer.live = false;
    }
    void cancel_key() {
        const std::string key = "key" + std::to_string(below(6));
        expect(wheel_.cancel_key(key) == end_if([&](const Naive& one) { return one.key == key; }));
    }
    void cancel_owner() {
        const auto owner = static_cast<std::uint32_t>(below(3));
        expect(wheel_.cancel_all(owner) ==
               end_if([&](const Naive& one) { return one.owner == owner; }));
    }
    void rebind() {
        const auto from = static_cast<std::uint32_t>(below(3));
        std::uint32_t count = 0;
        for (Naive& one : timers_) {
            if (!one.live || one.owner != from || one.kind != TimerKind::portable) continue;
            one.owner = (from + 1) % 3;
            ++count;
        }
        expect(wheel_.rebind(from, (from + 1) % 3) == count);
    }
    template <class Match>
    std::uint32_t end_if(const Match& match) {
        std::uint32_t count = 0;
        for (Naive& one : timers_) {
            if (!one.live || !match(one)) continue;
            one.live = false;
            ++count;
        }
        return count;
    }

    void advance() {
        static constexpr std::uint64_t leaps[] = {1, 3, 100, 6'000, 500'000, 900'000'000};
        std::erase_if(timers_, [](const Naive& one) { return !one.live; });
        TimeNs first = never;
        for (const Naive& one : timers_)
            first = std::min(first, one.at_once ? 0 : ceil_ms(one.due));
        expect(wheel_.next_due() <= first);
        expect((wheel_.next_due() == never) == timers_.empty());

        now_ += static_cast<TimeNs>(below(leaps[below(6)] * 1'000'000));
        batch_.clear();
        for (std::size_t i = 0; i < timers_.size(); ++i) {
            if (timers_[i].at_once || ceil_ms(timers_[i].due) <= now_) batch_.push_back(i);
        }
        std::sort(batch_.begin(), batch_.end(), [this](std::size_t a, std::size_t b) {
            const Naive& x = timers_[a];
            const Naive& y = timers_[b];
            return x.due != y.due ? x.due < y.due : x.order < y.order;
        });
        std::size_t next = 0;
        wheel_.advance(now_, [&](const Timer& timer, bool last) {
            while (next < batch_.size() && !timers_[batch_[next]].live) ++next;
            if (next == batch_.size()) return expect(false);
            fired(timers_[batch_[next++]], timer, last);
            for (std::uint64_t count = below(3); count > 0; --count) change();
        });
        while (next < batch_.size() && !timers_[batch_[next]].live) ++next;
        expect(next == batch_.size());
        expect(wheel_.counters().active == live());
    }

    void fired(Naive& expected, const Timer& timer, bool last) {
        expect(timer.id == expected.id && timer.due == expected.due && timer.key == expected.key &&
               timer.owner == expected.owner && last == (expected.repeat == 0));
        if (last) {
            expected.live = false;
            return;
        }
        if (expected.repeat > 0) --expected.repeat;
        const TimeNs every = std::max(expected.every, ns_per_ms);
        expected.due += ((now_ - expected.due) / every + 1) * every;
        expected.at_once = false;
    }

    std::uint32_t live() const {
        return static_cast<std::uint32_t>(std::count_if(timers_.begin(), timers_.end(),
                                                        [](const Naive& one) { return one.live; }));
    }
    void expect(bool holds) { wrong_ |= !holds; }

    static constexpr std::uint32_t timers_max = 60;
    core::Random random_;
    TimerWheel wheel_{timers_max};
    std::vector<Naive> timers_;
    std::vector<std::size_t> batch_;
    TimeNs now_ = ns_per_s / 3;
    std::uint64_t order_ = 0;
    bool wrong_ = false;
};

}  // namespace

TEST_CASE("timers fire as a naive list of them would, whatever is added and cancelled") {
    for (std::uint64_t run = 0; run < 100; ++run) {
        const std::uint64_t seed = test::seed() + run;
        CAPTURE(seed);
        Driver driver{seed};
        driver.run(1500);
        REQUIRE_FALSE(driver.wrong());
    }
}
