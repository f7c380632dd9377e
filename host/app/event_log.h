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

/// Nothing is recorded, and no lock taken, for kinds that nobody listens to. At the limit the
/// oldest event goes; readers are told how many they missed. [any thread]
class EventLog final : public session::SessionWatch {
public:
    explicit EventLog(const core::Clock& clock) : clock_{clock} {}

    static constexpr std::size_t events_max = 16'384;

    std::uint32_t wanted() const noexcept override {
        return kinds_.load(std::memory_order_relaxed);
    }
    void set_wanted(admin::EventsWanted wanted) noexcept {
        kinds_.store(wanted == admin::EventsWanted::none   ? 0
                     : wanted == admin::EventsWanted::life ? session_kinds::life
                                                           : session_kinds::all,
                     std::memory_order_relaxed);
    }
    void tell(const SessionEvent& event) override;

    admin::EventBatch since(std::uint64_t after, std::size_t count_max, bool messages);
    std::uint64_t last();

private:
    const core::Clock& clock_;
    std::atomic<std::uint32_t> kinds_{0};
    std::mutex mutex_;
    std::deque<admin::SessionEvent> events_;  // their numbers have no gap
    std::uint64_t last_ = 0;
};

}  // namespace gantry::app
