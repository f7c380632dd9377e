// RoomThread: which thread drives a room now, cheap enough to ask at every call.
#pragma once
#include <atomic>

namespace gantry::core {

class RoomThread {
public:
    /// This thread drives the room from here on.
    void enter() noexcept { thread_.store(mark(), std::memory_order_relaxed); }
    /// Nobody drives it: it is being built or taken down.
    void leave() noexcept { thread_.store(nullptr, std::memory_order_relaxed); }
    /// This very thread drives it.
    bool entered() const noexcept { return thread_.load(std::memory_order_relaxed) == mark(); }
    /// True where the room may be touched. [any thread]
    bool here() const noexcept {
        const void* const thread = thread_.load(std::memory_order_relaxed);
        return thread == nullptr || thread == mark();
    }

private:
    /// An address that no other living thread has.
    static const void* mark() noexcept {
        static constinit thread_local char mark = 0;
        return &mark;
    }

    std::atomic<const void*> thread_{nullptr};
};

}  // namespace gantry::core
