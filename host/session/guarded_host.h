// GuardedHost: the shard as one plugin's transports see it.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "gantry/transport.h"
#include "host/platform/lent.h"
#include "host/route/facet_instance.h"

namespace gantry::session {

/// Its watchers are called under a guard, and what it leaves behind is given back at its end. All
/// calls [io], but for wake().
class GuardedHost final : public platform::Lent, public TransportHost {
public:
    /// Watches, deadlines and wakers at a time; more are refused, and the first of them is told.
    static constexpr std::size_t kept_max = 1 << 18;

    GuardedHost(route::FacetInstance& owner, TransportHost& shard);
    ~GuardedHost();

    /// Whom accepted() may be called for.
    void listens(std::uint32_t listener_index) { listening_.push_back(listener_index); }
    void listens_no_more(std::uint32_t listener_index) noexcept {
        std::erase(listening_, listener_index);
    }

    TimeNs now() const noexcept override { return shard_.now(); }
    std::uint64_t watch(std::int64_t descriptor, std::uint32_t events,
                        Watcher* watcher) noexcept override;
    void rearm(std::uint64_t watch, std::uint32_t events) noexcept override;
    void unwatch(std::uint64_t watch) noexcept override;
    std::uint64_t set_deadline(TimeNs at, Watcher* watcher, std::uint64_t token) noexcept override;
    void cancel_deadline(std::uint64_t deadline) noexcept override;
    std::uint64_t add_waker(Watcher* watcher) noexcept override;
    void wake(std::uint64_t waker) noexcept override { shard_.wake(waker); }
    void remove_waker(std::uint64_t waker) noexcept override;
    Status accepted(std::uint32_t listener_index, Link* link) noexcept override;
    void accept_failed(std::uint32_t listener_index, std::int32_t os_error) noexcept override;

private:
    class Called;
    using GiveBack = void (TransportHost::*)(std::uint64_t handle) noexcept;

    /// Whose calls `file(watcher)` asks the shard for; zero when it has no room.
    template <class File>
    std::uint64_t keep(Watcher* watcher, GiveBack how, File&& file) noexcept;
    bool full() noexcept;
    void drop(std::uint64_t handle) noexcept;

    route::FacetInstance& owner_;
    TransportHost& shard_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Called>> called_;  ///< by handle
    std::vector<std::uint32_t> listening_;
    bool told_full_ = false;
};

}  // namespace gantry::session
