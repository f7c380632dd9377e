// EventLog: the latest session events, for whoever follows them through the admin API.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

#include "host/admin/backend.h"
#include "host/core/clock.h"
#include "host/session/session_watch.h"

namespace gantry::app {

/// Nothing is recorded, and no lock taken, while nobody listens. [any thread]
class EventLog final : public session::SessionWatch {
public:
    explicit EventLog(const core::Clock& clock) : clock_{clock} {}

    static constexpr std::size_t events_max = 4096;

    bool wanted() const noexcept override { return wanted_.load(std::memory_order_relaxed); }
    void want(bool wanted) noexcept { wanted_.store(wanted, std::memory_order_relaxed); }

    void established(SessionId session, std::string_view remote) override {
        add(admin::EventKind::established, session, 0, 0, remote);
    }
    void received(SessionId session, std::uint16_t message_id, std::uint64_t bytes) override {
        add(admin::EventKind::received, session, message_id, bytes, {});
    }
    void sent(SessionId session, std::uint16_t message_id, std::uint64_t bytes) override {
        add(admin::EventKind::sent, session, message_id, bytes, {});
    }
    void closed(SessionId session, std::string_view reason, bool failed) override {
        add(failed ? admin::EventKind::error : admin::EventKind::closed, session, 0, 0, reason);
    }
    admin::EventBatch since(std::uint64_t after, std::size_t count_max) {
        const std::lock_guard lock{mutex_};
        admin::EventBatch batch;
        if (!events_.empty() && events_.front().number > after + 1) {
            batch.lost = events_.front().number - after - 1;
        }
        for (const admin::SessionEvent& event : events_) {
            if (event.number > after && batch.events.size() < count_max)
                batch.events.push_back(event);
        }
        return batch;
    }
    std::uint64_t last() {
        const std::lock_guard lock{mutex_};
        return last_;
    }

private:
    void add(admin::EventKind kind, SessionId session, std::uint16_t message_id,
             std::uint64_t bytes, std::string_view text) {
        const std::lock_guard lock{mutex_};
        admin::SessionEvent event;
        event.number = ++last_;
        event.kind = kind;
        event.session = session.value;
        event.at_unix_ms = clock_.wall_now() / ns_per_ms;
        event.message_id = message_id;
        event.bytes = static_cast<std::uint32_t>(bytes);
        event.text = text;
        events_.push_back(std::move(event));
        if (events_.size() > events_max) events_.pop_front();
    }

    const core::Clock& clock_;
    std::atomic<bool> wanted_{false};
    std::mutex mutex_;
    std::deque<admin::SessionEvent> events_;
    std::uint64_t last_ = 0;
};

}  // namespace gantry::app
