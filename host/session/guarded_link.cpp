#include "host/session/guarded_link.h"

#include <fmt/format.h>

#include <string>

#include "host/session/transport_call.h"

namespace gantry::session {

template <class Body>
void GuardedLink::call(std::string_view what, Body&& body) const noexcept {
    if (broken_ || owner_.parked()) return;
    if (!call_transport(owner_, what, body)) set_broken();
}

void GuardedLink::set_broken() const noexcept {
    broken_ = true;
    if (events_ != nullptr) events_->readable();
}

LinkKind GuardedLink::kind() const noexcept {
    LinkKind kind = LinkKind::stream;
    call("kind", [&] { kind = link_.kind(); });
    return kind;
}

std::int64_t GuardedLink::descriptor() const noexcept {
    std::int64_t descriptor = -1;
    call("descriptor", [&] { descriptor = link_.descriptor(); });
    return descriptor;
}

void GuardedLink::attach(LinkEvents* events) noexcept {
    events_ = events;
    call("attach", [&] { link_.attach(events); });
}

LinkResult GuardedLink::open() noexcept {
    LinkResult result = LinkResult::would_block;
    call("open", [&] { result = link_.open(); });
    return broken_ ? LinkResult::failed : result;
}

LinkIo GuardedLink::read(std::byte* buffer, std::uint64_t capacity) noexcept {
    LinkIo io;
    call("read", [&] { io = link_.read(buffer, capacity); });
    return checked(io, capacity, "a read");
}

LinkIo GuardedLink::writev(const Bytes* parts, std::uint32_t parts_count,
                           std::uint32_t flags) noexcept {
    LinkIo io;
    call("writev", [&] { io = link_.writev(parts, parts_count, flags); });
    std::uint64_t offered = 0;
    for (std::uint32_t i = 0; i < parts_count; ++i) offered += parts[i].size;
    return checked(io, offered, "a write");
}

// The shard reckons with what it is told.
LinkIo GuardedLink::checked(LinkIo io, std::uint64_t bytes_max, std::string_view what) noexcept {
    if (io.result == LinkResult::ok && io.bytes > bytes_max) {
        set_broken();
        const std::string told =
            fmt::format("{} of {} bytes says that it did {}", what, bytes_max, io.bytes);
        owner_.report_failure(std::string_view{"its transport"}, std::string_view{told});
    }
    return broken_ ? LinkIo{0, LinkResult::failed, 0} : io;
}

void GuardedLink::shutdown() noexcept {
    call("shutdown", [&] { link_.shutdown(); });
}

NetAddress GuardedLink::local() const noexcept {
    NetAddress address;
    call("local", [&] { address = link_.local(); });
    return address;
}

NetAddress GuardedLink::remote() const noexcept {
    NetAddress address;
    call("remote", [&] { address = link_.remote(); });
    return address;
}

void GuardedLink::destroy() noexcept {
    call_leaving(owner_, "destroy", [&] { link_.destroy(); });
    delete this;
}

NetAddress GuardedListener::local() const noexcept {
    NetAddress address;
    call_transport(owner_, "local", [&] { address = listener_->local(); });
    return address;
}

void GuardedListener::destroy() noexcept {
    call_leaving(owner_, "destroy", [&] { listener_->destroy(); });
    delete this;
}

}  // namespace gantry::session
