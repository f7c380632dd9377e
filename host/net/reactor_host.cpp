#include "host/net/reactor_host.h"

#include <algorithm>
#include <new>

namespace gantry::net {

class ReactorHost::WatchEntry final : public ReadinessSink {
public:
    WatchEntry(std::int64_t descriptor, Watcher& watcher) noexcept
        : descriptor_{descriptor}, watcher_{watcher} {}

    void on_readable() noexcept override { watcher_.on_ready(descriptor_, watch_read); }
    void on_writable() noexcept override { watcher_.on_ready(descriptor_, watch_write); }

    Reactor::Watch* handle = nullptr;

private:
    std::int64_t descriptor_;
    Watcher& watcher_;
};

ReactorHost::ReactorHost(const core::Clock& clock) : clock_{clock} {}
ReactorHost::~ReactorHost() = default;

std::uint64_t ReactorHost::watch(std::int64_t descriptor, std::uint32_t events,
                                 Watcher* watcher) noexcept try {
    auto entry = std::make_unique<WatchEntry>(descriptor, *watcher);
    entry->handle = reactor_.open(static_cast<int>(descriptor), *entry);
    if (entry->handle == nullptr) return 0;
    const std::uint64_t handle = next_handle_++;
    watches_.emplace(handle, std::move(entry));
    rearm(handle, events);
    return handle;
} catch (const std::bad_alloc&) {
    return 0;
}

void ReactorHost::rearm(std::uint64_t watch, std::uint32_t events) noexcept {
    const auto found = watches_.find(watch);
    if (found == watches_.end()) return;
    if ((events & watch_read) != 0) reactor_.arm_read(*found->second->handle);
    if ((events & watch_write) != 0) reactor_.arm_write(*found->second->handle);
}

// May come from within the entry's own report, which touches nothing of it afterwards.
void ReactorHost::unwatch(std::uint64_t watch) noexcept {
    const auto found = watches_.find(watch);
    if (found == watches_.end()) return;
    reactor_.close(found->second->handle);
    watches_.erase(found);
}

std::uint64_t ReactorHost::set_deadline(TimeNs at, Watcher* watcher, std::uint64_t token) noexcept
    try {
    const std::uint64_t handle = next_handle_++;
    auto& place = deadline_of_[handle];
    place = deadlines_.emplace(at, Deadline{watcher, token, handle});
    return handle;
} catch (const std::bad_alloc&) {
    return 0;
}

void ReactorHost::cancel_deadline(std::uint64_t deadline) noexcept {
    const auto found = deadline_of_.find(deadline);
    if (found == deadline_of_.end()) return;
    deadlines_.erase(found->second);
    deadline_of_.erase(found);
}

std::uint64_t ReactorHost::add_waker(Watcher* watcher) noexcept try {
    const std::uint64_t handle = next_handle_++;
    wakers_.emplace(handle, watcher);
    return handle;
} catch (const std::bad_alloc&) {
    return 0;
}

void ReactorHost::wake(std::uint64_t waker) noexcept try {
    {
        const std::lock_guard lock{woken_mutex_};
        if (std::find(woken_.begin(), woken_.end(), waker) == woken_.end()) woken_.push_back(waker);
    }
    any_woken_.store(true, std::memory_order_release);
    reactor_.wake();
} catch (const std::bad_alloc&) {
    reactor_.wake();
}

void ReactorHost::remove_waker(std::uint64_t waker) noexcept { wakers_.erase(waker); }

void ReactorHost::run_due(TimeNs now) {
    if (any_woken_.load(std::memory_order_relaxed) && any_woken_.exchange(false)) {
        std::vector<std::uint64_t> woken;
        {
            const std::lock_guard lock{woken_mutex_};
            woken.swap(woken_);
        }
        for (const std::uint64_t handle : woken) {
            const auto found = wakers_.find(handle);
            if (found != wakers_.end()) found->second->on_wake();
        }
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const Deadline due = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        deadline_of_.erase(due.handle);
        due.watcher->on_deadline(due.token);
    }
}

TimeNs ReactorHost::next_deadline() const noexcept {
    return deadlines_.empty() ? INT64_MAX : deadlines_.begin()->first;
}

}  // namespace gantry::net
