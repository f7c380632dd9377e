#include "host/sched/pool.h"

#include "host/core/yield_point.h"

namespace gantry::sched {

void Pool::start(std::uint32_t threads, const Around& around) {
    for (std::uint32_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this, i, around] { around(i, [this] { run(); }); });
    }
}

void Pool::close() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
}

void Pool::stop() {
    close();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

Status Pool::post(std::function<void()> work) {
    core::yield_point();
    {
        const std::lock_guard lock{mutex_};
        if (stopping_) return Status::unavailable;
        if (queue_.size() >= queue_max_) return Status::limit;
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    return Status::ok;
}

bool Pool::run_one() {
    std::function<void()> work;
    {
        const std::lock_guard lock{mutex_};
        if (queue_.empty()) return false;
        work = std::move(queue_.front());
        queue_.pop_front();
    }
    work();
    return true;
}

void Pool::run() {
    for (;;) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        const std::function<void()> work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
    }
}

}  // namespace gantry::sched
