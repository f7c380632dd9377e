// Watchdog: sees which room has been in one call of a plugin for too long, and gets it out.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
    std::string keeps;  ///< the world that it has not let go of; empty: none. [control]

    /// On the thread itself, before its first turn and after its last.
    void begin();
    void end();
    /// It has let go of its room, and must not touch it any more. [the thread itself]
    bool let_go() const noexcept { return thread->let_go_at() != nullptr; }
    /// It is past end(). [any thread]
    bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

private:
    friend class Watchdog;
    std::mutex mutex_;
    std::uint64_t number_ = 0;
    TimeNs since_ = 0;
    std::uint32_t asked_ = 0;  ///< how often this call was asked to end
    std::uint32_t owner_ = 0;  ///< of the call that is stuck
    core::CallKind kind_ = core::CallKind::none;
    std::optional<platform::Fault> let_go_at_;  ///< of a thread that has ended since
    bool told_ = false;                         ///< that it has let go
    std::atomic<bool> ended_{false};
};

/// A call that has lasted longer than allowed.
struct StuckCall {
    std::string thread;
    std::string plugin;  ///< "arena@1.0.0#3"
    core::CallKind kind = core::CallKind::none;
    TimeNs lasted = 0;
    std::uint32_t owner = 0;
    std::string keeps{};  ///< the world that stands still with it, when the thread was replaced

    /// "worker-0 is in a handler of arena@1.0.0#3 since 2100 ms"
    std::string text() const;
};

/// Who is told what. [control]
struct WatchdogTold {
    std::function<std::string(std::uint32_t owner)> label_of;
    /// Once per stuck call.
    std::function<void(const StuckCall& call)> stuck;
    /// Once per thread: it could not leave its call, and has let go of its room. Also when the call
    /// has come back meanwhile.
    std::function<void(WatchedThread& thread, const StuckCall& call, const platform::Fault& at)>
        let_go;
};

class Watchdog {
public:
    explicit Watchdog(TimeNs allowed) : allowed_{allowed} {}

    WatchedThread& add(std::string name);
    /// Looks at every thread. What is stuck is asked to end, again at every look; a plugin that is
    /// only being started is for a longer time just named. What cannot end is asked to let go of
    /// its room after half as long again. [control]
    void poll(TimeNs now, const WatchdogTold& tell);
    /// Times as long, for work on the pool, and before a start is asked to end.
    static constexpr TimeNs work_patience = 10;
    /// Threads that have let go and are still in their call: each keeps a world and a stack, so
    /// above that number calls are only named.
    static constexpr std::uint32_t let_go_max = 8;
    TimeNs look_every() const noexcept { return allowed_ / 8; }
    /// As of the last look. [any thread]
    std::vector<StuckCall> stuck() const;
    /// How many there ever were. [any thread]
    std::uint64_t seen() const noexcept { return seen_.load(std::memory_order_relaxed); }
    /// How many of them made a thread let go of its room. [any thread]
    std::uint64_t let_go() const noexcept { return let_go_.load(std::memory_order_relaxed); }

private:
    void look_whether_it_let_go(WatchedThread& one, TimeNs now, const WatchdogTold& tell);
    void ask(WatchedThread& one, TimeNs lasted);
    std::uint32_t away() const;

    TimeNs allowed_;
    TimeNs looked_ = 0;
    std::atomic<std::uint64_t> seen_{0};
    std::atomic<std::uint64_t> let_go_{0};
    mutable std::mutex mutex_;
    std::vector<StuckCall> stuck_;
    std::vector<std::unique_ptr<WatchedThread>> threads_;
};

}  // namespace gantry::app
