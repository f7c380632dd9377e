// TcpListener: accepts in bursts, and survives a process that ran out of descriptors.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "host/core/log.h"
#include "host/net/address.h"
#include "host/net/tcp_transport.h"

namespace gantry::net {

namespace {

constexpr int accepts_per_turn_max = 64;
constexpr TimeNs backoff_ns_min = 10 * ns_per_ms;
constexpr TimeNs backoff_ns_max = ns_per_s;

int open_reserve() noexcept { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool out_of_descriptors(int error) noexcept { return error == EMFILE || error == ENFILE; }

/// Errors of one connection that was gone before it was taken; the next may be fine (accept(2)).
bool concerns_one_connection(int error) noexcept {
    switch (error) {
        case EINTR:
        case ECONNABORTED:
        case EPERM:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
            return true;
        default:
            return false;
    }
}

class TcpListener final : public TransportListener, private Watcher {
public:
    TcpListener(TransportHost& host, std::uint32_t index, int descriptor) noexcept
        : host_{host}, index_{index}, descriptor_{descriptor}, reserve_{open_reserve()} {}

    bool start() noexcept {
        watch_ = host_.watch(descriptor_, watch_read, this);
        return watch_ != 0;
    }

    NetAddress local() const noexcept override {
        sockaddr_storage storage{};
        socklen_t bytes = sizeof storage;
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &bytes);
        return from_sockaddr(storage);
    }

    void destroy() noexcept override {
        if (watch_ != 0) host_.unwatch(watch_);
        if (pause_ != 0) host_.cancel_deadline(pause_);
        ::close(descriptor_);
        if (reserve_ >= 0) ::close(reserve_);
        delete this;
    }

private:
    void on_ready(std::int64_t, std::uint32_t) noexcept override {
        for (int i = 0; i < accepts_per_turn_max; ++i) {
            const int accepted =
                ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (accepted >= 0) {
                backoff_ns_ = 0;
                if (Link* const link = TcpTransport::adopt(accepted)) host_.accepted(index_, link);
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            if (concerns_one_connection(errno)) continue;
            return back_off(errno);
        }
        host_.rearm(watch_, watch_read);
    }

    // Without the reserve the waiting peer would hang until somebody else closes something.
    void back_off(int error) noexcept {
        host_.accept_failed(index_, error);
        if (out_of_descriptors(error) && reserve_ >= 0) {
            ::close(reserve_);
            const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
            if (accepted >= 0) ::close(accepted);
            reserve_ = open_reserve();
        }
        backoff_ns_ = std::clamp(backoff_ns_ * 2, backoff_ns_min, backoff_ns_max);
        pause_ = host_.set_deadline(host_.now() + backoff_ns_, this, 0);
    }

    void on_deadline(std::uint64_t) noexcept override {
        pause_ = 0;
        if (reserve_ < 0) reserve_ = open_reserve();
        host_.rearm(watch_, watch_read);
    }

    void on_wake() noexcept override {}

    TransportHost& host_;
    std::uint32_t index_;
    int descriptor_;
    int reserve_;
    std::uint64_t watch_ = 0;
    std::uint64_t pause_ = 0;
    TimeNs backoff_ns_ = 0;
};

/// A listening socket, or -errno.
int open_listening(const NetAddress& address, int backlog, bool share_port) noexcept {
    const int family = address.family == 4 ? AF_INET : AF_INET6;
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    const int on = 1;
    const int off = 0;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (share_port) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);

    sockaddr_storage storage;
    const socklen_t bytes = to_sockaddr(address, storage);
    if (::bind(descriptor, reinterpret_cast<sockaddr*>(&storage), bytes) == 0 &&
        ::listen(descriptor, backlog) == 0) {
        return descriptor;
    }
    const int error = errno;
    ::close(descriptor);
    return -error;
}

/// With SO_REUSEPORT a second host of the same user would join the port in silence. So the first
/// shard makes sure that the port is nobody's: a plain bind fails where anybody listens.
int open_first_of_shared(NetAddress address, int backlog) noexcept {
    if (address.port == 0) return open_listening(address, backlog, true);
    const int probe = open_listening(address, backlog, false);
    if (probe < 0) return probe;
    ::close(probe);
    return open_listening(address, backlog, true);
}

}  // namespace

Status TcpTransport::bind(TransportHost* host, const BindRequest* request,
                          TransportListener** listener, TransportError* why) noexcept try {
    const auto address = parse_address(request->address, request->port);
    if (!address) {
        std::string sentence{request->address};
        sentence.insert(0, 1, '"').append("\" is no IPv4 or IPv6 address");
        why->set(sentence);
        return Status::invalid;
    }
    int descriptor = -1;
    switch (request->share) {
        case PortShare::alone:
            descriptor = open_listening(*address, request->backlog, false);
            break;
        case PortShare::first:
            descriptor = open_first_of_shared(*address, request->backlog);
            break;
        case PortShare::join:
            descriptor = open_listening(*address, request->backlog, true);
            break;
    }
    if (descriptor < 0) {
        why->set("cannot listen on " + address_text(*address) + ": " +
                 std::generic_category().message(-descriptor));
        return descriptor == -EADDRINUSE ? Status::already_exists : Status::refused;
    }

    auto* const made = new TcpListener{*host, request->listener_index, descriptor};
    if (!made->start()) {
        made->destroy();
        why->set("cannot watch the socket of " + address_text(*address));
        return Status::limit;
    }
    *listener = made;
    return Status::ok;
} catch (const std::bad_alloc&) {
    return Status::limit;
}

}  // namespace gantry::net
