// EventLog: the latest session events, for whoever follows them through the admin API.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

#include "host/admin/backend.h"

namespace gantry::app {

/// Nothing is recorded, and no lock taken, while nobody listens. [any thread]
class EventLog {
public:
    static constexpr std::size_t events_max = 4096;

    bool wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
    void want(bool wanted) noexcept { wanted_.store(wanted, std::memory_order_relaxed); }

    void add(admin::SessionEvent event) {
        if (!wanted()) return;
        const std::lock_guard lock{mutex_};
        event.number = ++last_;
        events_.push_back(std::move(event));
        if (events_.size() > events_max) events_.pop_front();
    }
    admin::EventBatch since(std::uint64_t after, std::size_t count_max) {
        const std::lock_guard lock{mutex_};
        admin::EventBatch batch;
        if (!events_.empty() && events_.front().number > after + 1) {
            batch.lost = events_.front().number - after - 1;
        }
        for (const admin::SessionEvent& event : events_) {
            if (event.number > after && batch.events.size() < count_max) batch.events.push_back(event);
        }
        return batch;
    }
    std::uint64_t last() {
        const std::lock_guard lock{mutex_};
        return last_;
    }

private:
    std::atomic<bool> wanted_{false};
    std::mutex mutex_;
    std::deque<admin::SessionEvent> events_;
    std::uint64_t last_ = 0;
};

}  // namespace gantry::app
