#include "host/session/guarded_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "host/platform/given.h"
#include "host/session/guarded_link.h"
#include "host/session/transport_call.h"

namespace gantry::session {

/// A watcher of the plugin. A call may be the last that it wants: nothing of this is touched after.
class GuardedHost::Called final : public Watcher {
public:
    Called(GuardedHost& host, Watcher& watcher, GiveBack how)
        : host_{host}, watcher_{watcher}, how_{how} {}

    void on_ready(std::int64_t descriptor, std::uint32_t events) noexcept override {
        call_transport(host_.owner_, "on_ready", [&watcher = watcher_, descriptor, events] {
            watcher.on_ready(descriptor, events);
        });
    }
    // It is called once, and its place is free.
    void on_deadline(std::uint64_t token) noexcept override {
        const auto node = host_.called_.extract(handle);
        call_transport(host_.owner_, "on_deadline",
                       [&watcher = watcher_, token] { watcher.on_deadline(token); });
    }
    void on_wake() noexcept override {
        call_transport(host_.owner_, "on_wake", [&watcher = watcher_] { watcher.on_wake(); });
    }
    void give_back(TransportHost& shard) const noexcept { (shard.*how_)(handle); }

    std::uint64_t handle = 0;

private:
    GuardedHost& host_;
    Watcher& watcher_;
    GiveBack how_;
};

GuardedHost::GuardedHost(route::FacetInstance& owner, TransportHost& shard)
    : Lent{"an interface of " + owner.owner().label}, owner_{owner}, shard_{shard} {}

GuardedHost::~GuardedHost() {
    for (const auto& [handle, called] : called_) called->give_back(shard_);
}

template <class File>
std::uint64_t GuardedHost::keep(Watcher* watcher, GiveBack how, File&& file) noexcept try {
    if (watcher == nullptr || full()) return 0;
    auto called = std::make_unique<Called>(*this, *watcher, how);
    const std::uint64_t handle = file(called.get());
    if (handle == 0) return 0;
    called->handle = handle;
    called_.emplace(handle, std::move(called));
    return handle;
} catch (const std::bad_alloc&) {
    return 0;
}

bool GuardedHost::full() noexcept {
    if (called_.size() < kept_max) return false;
    if (!std::exchange(told_full_, true)) {
        const std::string told = fmt::format("it has {} watches, deadlines and wakers", kept_max);
        owner_.report_failure(std::string_view{"its transport"}, std::string_view{told});
    }
    return true;
}

void GuardedHost::drop(std::uint64_t handle) noexcept {
    const auto node = called_.extract(handle);
    if (node) node.mapped()->give_back(shard_);
}

std::uint64_t GuardedHost::watch(std::int64_t descriptor, std::uint32_t events,
                                 Watcher* watcher) noexcept {
    if (!owner_.at_home("watch")) return 0;
    return keep(watcher, &TransportHost::unwatch,
                [&](Watcher* called) { return shard_.watch(descriptor, events, called); });
}

void GuardedHost::rearm(std::uint64_t watch, std::uint32_t events) noexcept {
    if (owner_.at_home("rearm") && called_.contains(watch)) shard_.rearm(watch, events);
}

void GuardedHost::unwatch(std::uint64_t watch) noexcept {
    if (owner_.at_home("unwatch")) drop(watch);
}

std::uint64_t GuardedHost::set_deadline(TimeNs at, Watcher* watcher, std::uint64_t token) noexcept {
    if (!owner_.at_home("set_deadline")) return 0;
    return keep(watcher, &TransportHost::cancel_deadline,
                [&](Watcher* called) { return shard_.set_deadline(at, called, token); });
}

void GuardedHost::cancel_deadline(std::uint64_t deadline) noexcept {
    if (owner_.at_home("cancel_deadline")) drop(deadline);
}

std::uint64_t GuardedHost::add_waker(Watcher* watcher) noexcept {
    if (!owner_.at_home("add_waker")) return 0;
    return keep(watcher, &TransportHost::remove_waker,
                [&](Watcher* called) { return shard_.add_waker(called); });
}

void GuardedHost::remove_waker(std::uint64_t waker) noexcept {
    if (owner_.at_home("remove_waker")) drop(waker);
}

Status GuardedHost::accepted(std::uint32_t listener_index, Link* link) noexcept {
    if (!owner_.at_home("accepted") || link == nullptr) return Status::refused;
    platform::look_at_one(link);
    if (std::find(listening_.begin(), listening_.end(), listener_index) == listening_.end()) {
        const std::string told =
            fmt::format("it accepts for listener {}, which is none of its own", listener_index);
        owner_.report_failure(std::string_view{"its transport"}, std::string_view{told});
        link->destroy();
        return Status::invalid;
    }
    return shard_.accepted(listener_index, new GuardedLink{owner_, *link});
}

void GuardedHost::accept_failed(std::uint32_t listener_index, std::int32_t os_error) noexcept {
    if (owner_.at_home("accept_failed")) shard_.accept_failed(listener_index, os_error);
}

}  // namespace gantry::session
