// Inbox: work that other threads hand to a room. For control and answers, not for the message path.
#pragma once
#include <functional>
#include <iterator>
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
        return run([] { return false; });
    }
    /// The same, but ends once `lost()` after a piece of work: the room has got another thread
    /// meanwhile, and that one runs the rest.
    template <class Lost>
    bool run(const Lost& lost) {
        yield_point();
        {
            const std::lock_guard lock{mutex_};
            if (work_.empty() && begun_.empty()) return false;
            std::move(work_.begin(), work_.end(), std::back_inserter(begun_));
            work_.clear();
        }
        while (const Work work = next()) {
            work();
            if (lost()) break;
        }
        return true;
    }
    /// Comes before all that is still to run. [the room's thread]
    void put_first(std::vector<Work> work) {
        const std::lock_guard lock{mutex_};
        begun_.insert(begun_.begin() + next_, std::make_move_iterator(work.begin()),
                      std::make_move_iterator(work.end()));
    }
    /// Drops what is left and refuses more.
    void close() {
        std::vector<Work> dropped, begun;
        const std::lock_guard lock{mutex_};
        closed_ = true;
        dropped.swap(work_);
        begun.swap(begun_);
        next_ = 0;
    }

private:
    Work next() {
        const std::lock_guard lock{mutex_};
        if (next_ < std::ssize(begun_)) return std::move(begun_[static_cast<std::size_t>(next_++)]);
        begun_.clear();
        next_ = 0;
        return {};
    }

    std::mutex mutex_;
    std::vector<Work> work_;
    std::vector<Work> begun_;  ///< of these the first `next_` have run
    std::ptrdiff_t next_ = 0;
    bool closed_ = false;
};

}  // namespace gantry::core
