// TcpLink: one socket as a Link.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "host/core/assert.h"
#include "host/net/address.h"
#include "host/net/tcp_transport.h"

namespace gantry::net {

namespace {

constexpr std::uint32_t parts_per_write_max = 64;

bool again(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

NetAddress address_of(int descriptor, decltype(&getsockname) call) noexcept {
    sockaddr_storage storage{};
    socklen_t bytes = sizeof storage;
    if (call(descriptor, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return {};
    return from_sockaddr(storage);
}

class TcpLink final : public Link {
public:
    TcpLink(int descriptor, bool connecting) noexcept
        : descriptor_{descriptor}, connecting_{connecting} {
        const int on = 1;
        setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    LinkKind kind() const noexcept override { return LinkKind::stream; }
    std::int64_t descriptor() const noexcept override { return descriptor_; }
    void attach(LinkEvents*) noexcept override {}

    LinkResult open() noexcept override {
        if (!connecting_) return LinkResult::ok;
        // A socket that still connects has no peer; SO_ERROR tells apart why.
        int error = 0;
        socklen_t bytes = sizeof error;
        getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &bytes);
        if (error != 0) return LinkResult::failed;
        sockaddr_storage peer;
        bytes = sizeof peer;
        if (getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &bytes) != 0) {
            return errno == ENOTCONN ? LinkResult::would_block : LinkResult::failed;
        }
        connecting_ = false;
        return LinkResult::ok;
    }

    LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept override {
        while (true) {
            const ssize_t bytes = ::recv(descriptor_, buffer, capacity, 0);
            if (bytes > 0) {
                const auto count = static_cast<std::uint64_t>(bytes);
                return {count, LinkResult::ok, count < capacity ? link_drained : 0};
            }
            if (bytes == 0) return {0, LinkResult::end, 0};
            if (errno == EINTR) continue;
            return {0, again(errno) ? LinkResult::would_block : LinkResult::failed, 0};
        }
    }

    LinkIo writev(const Bytes* parts, std::uint32_t parts_count, std::uint32_t) noexcept override {
        while (true) {
            const ssize_t bytes =
                parts_count == 1 ? ::send(descriptor_, parts[0].data, parts[0].size, MSG_NOSIGNAL)
                                 : send_parts(parts, parts_count);
            if (bytes >= 0) return {static_cast<std::uint64_t>(bytes), LinkResult::ok, 0};
            if (errno == EINTR) continue;
            return {0, again(errno) ? LinkResult::would_block : LinkResult::failed, 0};
        }
    }

    void shutdown() noexcept override { ::shutdown(descriptor_, SHUT_WR); }
    NetAddress local() const noexcept override { return address_of(descriptor_, getsockname); }
    NetAddress remote() const noexcept override { return address_of(descriptor_, getpeername); }

    void destroy() noexcept override {
        if (descriptor_ >= 0) ::close(descriptor_);
        delete this;
    }

    int take() noexcept { return std::exchange(descriptor_, -1); }

private:
    ssize_t send_parts(const Bytes* parts, std::uint32_t parts_count) noexcept {
        iovec vectors[parts_per_write_max];
        if (parts_count > parts_per_write_max) parts_count = parts_per_write_max;
        for (std::uint32_t i = 0; i < parts_count; ++i) {
            vectors[i] = {const_cast<std::byte*>(parts[i].data), parts[i].size};
        }
        msghdr message{};
        message.msg_iov = vectors;
        message.msg_iovlen = parts_count;
        return ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    }

    int descriptor_;
    bool connecting_;
};

Link* make_link(int descriptor, bool connecting) noexcept {
    Link* const link = new (std::nothrow) TcpLink{descriptor, connecting};
    if (link == nullptr) ::close(descriptor);
    return link;
}

}  // namespace

Link* TcpTransport::adopt(int descriptor) noexcept { return make_link(descriptor, false); }

int TcpTransport::take_descriptor(Link* link) noexcept {
    const int descriptor = static_cast<TcpLink*>(link)->take();
    link->destroy();
    return descriptor;
}

Status TcpTransport::connect(TransportHost*, const ConnectRequest* request, Link** link,
                             TransportError* why) noexcept try {
    const std::string to = std::string{request->address} + ":" + std::to_string(request->port);
    const auto address = parse_address(request->address, request->port);
    if (!address) {
        why->set("connect to " + to + ": the address is no IPv4 or IPv6 literal");
        return Status::invalid;
    }
    const auto failed = [&](int error) {
        why->set("connect to " + to + ": " + std::generic_category().message(error));
        return Status::unavailable;
    };

    const int family = address->family == 4 ? AF_INET : AF_INET6;
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return failed(errno);
    sockaddr_storage storage;
    const socklen_t bytes = to_sockaddr(*address, storage);
    const int result = ::connect(descriptor, reinterpret_cast<sockaddr*>(&storage), bytes);
    const int error = errno;
    if (result != 0 && error != EINPROGRESS) {
        ::close(descriptor);
        return failed(error);
    }
    *link = make_link(descriptor, result != 0);
    return *link == nullptr ? Status::limit : Status::ok;
} catch (const std::bad_alloc&) {
    return Status::limit;
}

}  // namespace gantry::net
