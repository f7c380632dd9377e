#include "host/plugin/probation.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::plugin {
namespace {

constexpr double tick_noise_us = 100;
constexpr double handler_noise_us = 20;

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double per(std::uint64_t total, std::uint64_t count) {
    return count == 0 ? 0 : static_cast<double>(total) / static_cast<double>(count);
}

}  // namespace

namespace {

template <class Counts>
VitalsSum sum_where(const VitalsList& list, Counts counts) {
    VitalsSum sum;
    for (const auto& one : list) {
        if (!counts(*one)) continue;
        sum.messages += one->messages.load(std::memory_order_relaxed);
        sum.failures += one->failures.load(std::memory_order_relaxed);
        sum.errors += one->errors.load(std::memory_order_relaxed);
        sum.handler_samples += one->handler_samples.load(std::memory_order_relaxed);
        sum.handler_ns += one->handler_ns.load(std::memory_order_relaxed);
        sum.ticks += one->ticks.load(std::memory_order_relaxed);
        sum.tick_ns += one->tick_ns.load(std::memory_order_relaxed);
    }
    return sum;
}

}  // namespace

VitalsSum VitalsSum::of(const VitalsList& list) {
    return sum_where(list, [](const route::Vitals&) { return true; });
}

VitalsSum VitalsSum::of_worlds(const VitalsList& list) {
    return sum_where(list, [](const route::Vitals& one) { return one.facet == Facet::world; });
}

VitalsSum VitalsSum::operator-(const VitalsSum& other) const noexcept {
    return {messages - other.messages,     failures - other.failures,
            errors - other.errors,         handler_samples - other.handler_samples,
            handler_ns - other.handler_ns, ticks - other.ticks,
            tick_ns - other.tick_ns};
}

void VitalsHistory::look(TimeNs now, const VitalsSum& sum) {
    const Look fresh{now - last_, sum - before_};
    const bool first = last_ == 0;
    last_ = now;
    before_ = sum;
    if (first) return;  // from an unknown time on
    if (looks_.size() < looks_max) {
        looks_.push_back(fresh);
    } else {
        looks_[next_++ % looks_max] = fresh;
    }
}

VitalsHistory::Rates VitalsHistory::rates() const {
    Rates rates;
    rates.looks = looks_.size();
    TimeNs took = 0;
    std::uint64_t failures = 0;
    std::uint64_t errors = 0;
    std::vector<double> ticks;
    std::vector<double> handlers;
    for (const Look& one : looks_) {
        took += one.took;
        failures += one.change.failures;
        errors += one.change.errors;
        rates.messages += one.change.messages;
        rates.ticks += one.change.ticks;
        if (one.change.ticks != 0) ticks.push_back(per(one.change.tick_ns, one.change.ticks) / 1e3);
        if (one.change.handler_samples != 0) {
            handlers.push_back(per(one.change.handler_ns, one.change.handler_samples) / 1e3);
        }
    }
    rates.failures_per_s =
        took == 0 ? 0 : static_cast<double>(failures) * 1e9 / static_cast<double>(took);
    rates.failed_share = per(errors, rates.messages);
    rates.tick_us = median(std::move(ticks));
    rates.handler_us = median(std::move(handlers));
    return rates;
}

std::optional<Probation::Finding> Probation::judge(const VitalsHistory& history,
                                                   std::uint64_t failures,
                                                   std::uint64_t resident_bytes, TimeNs now) const {
    const double seconds = static_cast<double>(now - began_) / 1e9;
    // What the old one did as well is not held against the new one.
    const double expected = 2 * baseline_.failures_per_s * seconds;
    if (static_cast<double>(failures) >= limits_.failures_max + expected) {
        return Finding{fmt::format("{} failures in its probation", failures), {}};
    }
    const std::uint64_t grown =
        resident_bytes > resident_bytes_ ? resident_bytes - resident_bytes_ : 0;
    if (grown > std::uint64_t{limits_.memory_growth_mb} << 20) {
        return Finding{fmt::format("the process grew by {} MB in its probation", grown >> 20),
                       "the whole process"};
    }
    const VitalsHistory::Rates rates = history.rates();
    const bool messages = rates.has_messages() && baseline_.has_messages();
    if (messages && rates.failed_share > baseline_.failed_share + limits_.failed_share_max) {
        return Finding{fmt::format("{:.1f} % of its messages were answered with an error, {:.1f} % "
                                   "before",
                                   100 * rates.failed_share, 100 * baseline_.failed_share),
                       "its handlers"};
    }
    if (!rates.has_looks() || !baseline_.has_looks()) return {};
    if (baseline_.tick_us > 0 && rates.tick_us > baseline_.tick_us * limits_.tick_ratio_max &&
        rates.tick_us > baseline_.tick_us + tick_noise_us) {
        return Finding{fmt::format("its systems take {:.0f} us per tick, {:.0f} us before",
                                   rates.tick_us, baseline_.tick_us),
                       "its systems, timers and tasks"};
    }
    if (messages && baseline_.handler_us > 0 &&
        rates.handler_us > baseline_.handler_us * limits_.handler_ratio_max &&
        rates.handler_us > baseline_.handler_us + handler_noise_us) {
        return Finding{fmt::format("a message takes it {:.1f} us, {:.1f} us before",
                                   rates.handler_us, baseline_.handler_us),
                       "its handlers"};
    }
    return {};
}

}  // namespace gantry::plugin
