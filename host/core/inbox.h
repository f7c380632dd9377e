// Inbox: work that other threads hand to a room. For control and answers, not for the message path.
#pragma once
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "host/core/yield_point.h"

namespace gantry::core {

class Inbox {
public:
    using Work = std::function<void()>;

    /// Runs `work` on the room's thread at its next turn. False once closed. [any thread]
    bool post(Work work) {
        yield_point();
        const std::lock_guard lock{mutex_};
        if (closed_) return false;
        work_.push_back(std::move(work));
        return true;
    }
    /// Runs what was posted before the call; true when there was any. [the room's thread]
    bool run() {
        yield_point();
        {
            const std::lock_guard lock{mutex_};
            if (work_.empty()) return false;
            running_.swap(work_);
        }
        for (Work& work : running_) work();
        running_.clear();
        return true;
    }
    /// Drops what is left and refuses more.
    void close() {
        std::vector<Work> dropped;
        const std::lock_guard lock{mutex_};
        closed_ = true;
        dropped.swap(work_);
    }

private:
    std::mutex mutex_;
    std::vector<Work> work_;
    std::vector<Work> running_;
    bool closed_ = false;
};

}  // namespace gantry::core
