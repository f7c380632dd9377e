#include "host/app/watchdog.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::app {

void WatchedThread::begin() {
    const std::lock_guard lock{mutex_};
    core::CallSlot::use(&slot);
    thread = std::make_unique<platform::FaultThread>();
}

void WatchedThread::end() {
    {
        const std::lock_guard lock{mutex_};
        core::CallSlot::use(nullptr);
        if (const platform::Fault* const at = thread->let_go_at()) let_go_at_ = *at;
        thread.reset();
    }
    ended_.store(true, std::memory_order_release);
}

WatchedThread& Watchdog::add(std::string name) {
    threads_.push_back(std::make_unique<WatchedThread>());
    threads_.back()->name = std::move(name);
    return *threads_.back();
}

std::string StuckCall::text() const {
    std::string text = fmt::format("{} is in a {} of {} since {} ms", thread,
                                   core::call_kind_name(kind), plugin, lasted / ns_per_ms);
    if (!keeps.empty()) {
        text +=
            fmt::format("; world {} stands still with it, the others got another thread", keeps);
    }
    return text;
}

void Watchdog::poll(TimeNs now, const WatchdogTold& tell) {
    if (now - looked_ < look_every()) return;
    looked_ = now;
    std::vector<StuckCall> stuck;
    for (std::size_t i = 0; i < threads_.size(); ++i) {  // those told may add more
        WatchedThread* const one = threads_[i].get();
        look_whether_it_let_go(*one, now, tell);
        const std::uint64_t number = one->slot.number.load(std::memory_order_acquire);
        const std::uint64_t call = one->slot.call.load(std::memory_order_relaxed);
        const std::uint32_t owner = core::CallSlot::owner_of(call);
        if (owner == 0 || number != one->number_) {
            one->number_ = number;
            one->since_ = now;
            one->asked_ = 0;
            continue;
        }
        const core::CallKind kind = core::CallSlot::kind_of(call);
        const TimeNs lasted = now - one->since_;
        // What goes to the pool may take long; it must only end some time.
        if (lasted < (kind == core::CallKind::work ? work_patience : 1) * allowed_) continue;
        one->owner_ = owner;
        one->kind_ = kind;
        stuck.push_back({one->name, tell.label_of(owner), kind, lasted, owner, one->keeps});
        if (one->asked_++ == 0) {
            seen_.fetch_add(1, std::memory_order_relaxed);
            tell.stuck(stuck.back());
        }
        ask(*one, lasted);
    }
    const std::lock_guard lock{mutex_};
    stuck_ = std::move(stuck);
}

void Watchdog::ask(WatchedThread& one, TimeNs lasted) {
    // Making a world may take its time.
    const bool start = one.kind_ == core::CallKind::start;
    if (start && lasted < work_patience * allowed_) return;
    const bool for_good = (start || lasted >= allowed_ + allowed_ / 2) && away() < let_go_max;
    const std::lock_guard lock{one.mutex_};
    if (one.thread == nullptr) return;
    if (for_good) {
        one.thread->interrupt_for_good();
    } else {
        one.thread->interrupt();
    }
}

void Watchdog::look_whether_it_let_go(WatchedThread& one, TimeNs now, const WatchdogTold& tell) {
    if (one.told_) return;
    std::optional<platform::Fault> at;
    {
        const std::lock_guard lock{one.mutex_};
        at = one.let_go_at_;
        const platform::Fault* const seen = one.thread ? one.thread->let_go_at() : nullptr;
        if (seen != nullptr) at = *seen;
    }
    if (!at) return;
    one.told_ = true;
    let_go_.fetch_add(1, std::memory_order_relaxed);
    tell.let_go(one, {one.name, tell.label_of(one.owner_), one.kind_, now - one.since_, one.owner_},
                *at);
}

std::uint32_t Watchdog::away() const {
    return static_cast<std::uint32_t>(
        std::count_if(threads_.begin(), threads_.end(),
                      [](const auto& one) { return one->told_ && !one->ended(); }));
}

std::vector<StuckCall> Watchdog::stuck() const {
    const std::lock_guard lock{mutex_};
    return stuck_;
}

}  // namespace gantry::app
