// Pool: threads for work that may take long and must not touch an instance.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "gantry/types.h"

namespace gantry::sched {

/// Until start() nothing runs but by run_one(): a simulation decides when.
class Pool {
public:
    explicit Pool(std::size_t queue_max) : queue_max_{queue_max} {}
    ~Pool() { stop(); }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Each thread calls `around` once with its index and with what it has to do.
    using Around = std::function<void(std::uint32_t index, const std::function<void()>& run)>;
    void start(std::uint32_t threads, const Around& around);
    /// Drops what has not begun; post() answers `unavailable` from then on.
    void close();
    /// The same, and waits for what has begun.
    void stop();
    /// `limit` when the queue is full. [any thread]
    Status post(std::function<void()> work);
    /// Runs one piece on the caller's thread; false when there is none.
    bool run_one();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::size_t queue_max_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace gantry::sched
