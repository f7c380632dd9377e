// ReactorHost: TransportHost's watches, deadlines and wakers on one Reactor. Internal.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "gantry/transport.h"
#include "host/core/clock.h"
#include "host/net/reactor.h"

namespace gantry::net {

/// What happens to links and failures is for the derived class. For listeners and transports of
/// plugins; the links of connections are watched by the shard itself.
class ReactorHost : public TransportHost {
public:
    explicit ReactorHost(const core::Clock& clock);

    TimeNs now() const noexcept final { return clock_.now(); }
    std::uint64_t watch(std::int64_t descriptor, std::uint32_t events,
                        Watcher* watcher) noexcept final;
    void rearm(std::uint64_t watch, std::uint32_t events) noexcept final;
    void unwatch(std::uint64_t watch) noexcept final;
    std::uint64_t set_deadline(TimeNs at, Watcher* watcher, std::uint64_t token) noexcept final;
    void cancel_deadline(std::uint64_t deadline) noexcept final;
    std::uint64_t add_waker(Watcher* watcher) noexcept final;
    void wake(std::uint64_t waker) noexcept final;
    void remove_waker(std::uint64_t waker) noexcept final;

    Reactor& reactor() noexcept { return reactor_; }

    /// Calls the watchers whose deadline or wake-up is due, and tells when the next deadline is.
    void run_due(TimeNs now);
    TimeNs next_deadline() const noexcept;

protected:
    ~ReactorHost();

private:
    class WatchEntry;
    struct Deadline {
        Watcher* watcher;
        std::uint64_t token;
        std::uint64_t handle;
    };

    const core::Clock& clock_;
    Reactor reactor_;
    std::uint64_t next_handle_ = 1;
    std::unordered_map<std::uint64_t, std::unique_ptr<WatchEntry>> watches_;
    std::multimap<TimeNs, Deadline> deadlines_;
    std::unordered_map<std::uint64_t, decltype(deadlines_)::iterator> deadline_of_;  ///< by handle
    std::unordered_map<std::uint64_t, Watcher*> wakers_;
    std::mutex woken_mutex_;  // wake() comes from any thread
    std::vector<std::uint64_t> woken_;
    std::atomic<bool> any_woken_{false};
};

}  // namespace gantry::net
