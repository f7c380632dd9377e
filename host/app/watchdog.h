// Watchdog: sees which room has been in one call of a plugin for too long, and gets it out.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gantry/types.h"
#include "host/core/plugin_call.h"
#include "host/platform/fault.h"

namespace gantry::app {

/// One thread that drives a room. Made before the thread, used by it alone but for the watchdog.
struct WatchedThread {
    std::string name;  ///< "worker-0"
    core::CallSlot slot;
    std::unique_ptr<platform::FaultThread> thread;

    /// On the thread itself, before its first turn and after its last.
    void begin();
    void end();

private:
    friend class Watchdog;
    std::mutex mutex_;
    std::uint64_t number_ = 0;
    TimeNs since_ = 0;
    std::uint32_t asked_ = 0;  ///< how often this call was asked to end
};

/// A call that has lasted longer than allowed.
struct StuckCall {
    std::string thread;
    std::string plugin;  ///< "arena@1.0.0#3"
    core::CallKind kind = core::CallKind::none;
    TimeNs lasted = 0;

    /// "worker-0 is in a handler of arena@1.0.0#3 since 2100 ms"
    std::string text() const;
};

class Watchdog {
public:
    explicit Watchdog(TimeNs allowed) : allowed_{allowed} {}

    WatchedThread& add(std::string name);
    /// Looks at every thread. What is stuck is asked to end, again at every look, but for a plugin
    /// that is only being started. `first` is told once per stuck call. [control]
    void poll(TimeNs now, const std::function<std::string(std::uint32_t owner)>& label_of,
              const std::function<void(const StuckCall&)>& first);
    static constexpr TimeNs work_patience = 10;  ///< times as long, for work on the pool
    TimeNs look_every() const noexcept { return allowed_ / 8; }
    /// As of the last look. [any thread]
    std::vector<StuckCall> stuck() const;
    /// How many there ever were. [any thread]
    std::uint64_t seen() const noexcept { return seen_.load(std::memory_order_relaxed); }

private:
    TimeNs allowed_;
    TimeNs looked_ = 0;
    std::atomic<std::uint64_t> seen_{0};
    mutable std::mutex mutex_;
    std::vector<StuckCall> stuck_;
    std::vector<std::unique_ptr<WatchedThread>> threads_;
};

}  // namespace gantry::app
