#include "host/net/edge_set.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "host/core/assert.h"

namespace gantry::net {

namespace {
constexpr int events_per_call_max = 128;
}

EdgeSet::EdgeSet(Reactor& reactor) : reactor_{reactor}, set_{epoll_create1(EPOLL_CLOEXEC)} {
    GANTRY_ASSERT(set_ >= 0);
    set_watch_ = reactor_.open(set_, *this);
    GANTRY_ASSERT(set_watch_ != nullptr);
    reactor_.arm_read(*set_watch_);
}

EdgeSet::~EdgeSet() {
    reactor_.close(set_watch_);
    ::close(set_);
}

bool EdgeSet::add(EdgeWatch& watch, int descriptor, ReadinessSink& sink) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watch;
    if (epoll_ctl(set_, EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
    watch.descriptor = descriptor;
    watch.sink = &sink;
    return true;
}

void EdgeSet::remove(EdgeWatch& watch) noexcept {
    if (watch.descriptor < 0) return;
    epoll_ctl(set_, EPOLL_CTL_DEL, watch.descriptor, nullptr);
    watch = {};
}

void EdgeSet::arm_read(EdgeWatch& watch) noexcept {
    // The end is announced once, perhaps together with the last bytes: it must be read for.
    if (watch.ended) return watch.sink->on_readable();
    watch.read_armed = true;
}

void EdgeSet::arm_write(EdgeWatch& watch) noexcept {
    if (watch.broken) return watch.sink->on_writable();
    watch.write_armed = true;
}

void EdgeSet::poll() noexcept {
    if (!fired_) return;
    epoll_event events[events_per_call_max];
    int count = events_per_call_max;
    while (count == events_per_call_max) {
        count = epoll_wait(set_, events, events_per_call_max, 0);
        for (int i = 0; i < count; ++i) {
            EdgeWatch& watch = *static_cast<EdgeWatch*>(events[i].data.ptr);
            const std::uint32_t seen = events[i].events;
            if ((seen & (EPOLLHUP | EPOLLERR)) != 0) watch.broken = watch.ended = true;
            if ((seen & EPOLLRDHUP) != 0) watch.ended = true;
            const bool readable = watch.ended || (seen & EPOLLIN) != 0;
            const bool writable = watch.broken || (seen & EPOLLOUT) != 0;
            if (readable && watch.read_armed) {
                watch.read_armed = false;
                watch.sink->on_readable();
            }
            if (writable && watch.write_armed) {
                watch.write_armed = false;
                watch.sink->on_writable();
            }
        }
    }
    fired_ = false;
    reactor_.arm_read(*set_watch_);
}

}  // namespace gantry::net
