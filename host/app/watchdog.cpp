#include "host/app/watchdog.h"

#include <fmt/format.h>

namespace gantry::app {

void WatchedThread::begin() {
    const std::lock_guard lock{mutex_};
    core::CallSlot::use(&slot);
    thread = std::make_unique<platform::FaultThread>();
}

void WatchedThread::end() {
    const std::lock_guard lock{mutex_};
    core::CallSlot::use(nullptr);
    thread.reset();
}

WatchedThread& Watchdog::add(std::string name) {
    threads_.push_back(std::make_unique<WatchedThread>());
    threads_.back()->name = std::move(name);
    return *threads_.back();
}

std::string StuckCall::text() const {
    return fmt::format("{} is in a {} of {} since {} ms", thread, core::call_kind_name(kind),
                       plugin, lasted / ns_per_ms);
}

void Watchdog::poll(TimeNs now, const std::function<std::string(std::uint32_t owner)>& label_of,
                    const std::function<void(const StuckCall&)>& first) {
    if (now - looked_ < look_every()) return;
    looked_ = now;
    std::vector<StuckCall> stuck;
    for (const auto& one : threads_) {
        const std::uint64_t number = one->slot.number.load(std::memory_order_acquire);
        const std::uint32_t owner = one->slot.owner.load(std::memory_order_relaxed);
        if (owner == 0 || number != one->number_) {
            one->number_ = number;
            one->since_ = now;
            one->asked_ = 0;
            continue;
        }
        const core::CallKind kind = one->slot.kind.load(std::memory_order_relaxed);
        // What goes to the pool may take long; it must only end some time.
        if (now - one->since_ < (kind == core::CallKind::work ? work_patience : 1) * allowed_)
            continue;
        stuck.push_back({one->name, label_of(owner), kind, now - one->since_});
        if (one->asked_++ == 0) {
            seen_.fetch_add(1, std::memory_order_relaxed);
            first(stuck.back());
        }
        // Making a world may take its time; nothing waits for it but itself.
        if (kind == core::CallKind::start) continue;
        const std::lock_guard lock{one->mutex_};
        if (one->thread) one->thread->interrupt();
    }
    const std::lock_guard lock{mutex_};
    stuck_ = std::move(stuck);
}

std::vector<StuckCall> Watchdog::stuck() const {
    const std::lock_guard lock{mutex_};
    return stuck_;
}

}  // namespace gantry::app
