#include "host/net/memory_network.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace gantry::net {

namespace detail {

/// What one side of a link has not read yet, and how it behaves.
struct MemorySide {
    std::string inbox;
    std::size_t taken = 0;  // bytes at the front of the inbox that were read
    std::size_t inbox_bytes_max = std::numeric_limits<std::size_t>::max();
    std::size_t read_bytes_max = std::numeric_limits<std::size_t>::max();
    bool stalled = false;
    bool ended = false;            // the other side sends nothing more
    bool gone = false;             // this side was dropped
    LinkEvents* events = nullptr;  // null for a test's client

    std::size_t unread() const noexcept { return inbox.size() - taken; }
};

struct MemoryPipe {
    std::array<MemorySide, 2> sides;
    std::array<std::uint16_t, 2> ports{};
    bool broken = false;

    /// Appends what fits to the other side's inbox.
    std::size_t write(std::size_t from, std::span<const std::byte> bytes) {
        MemorySide& to = sides[1 - from];
        if (to.stalled || to.unread() >= to.inbox_bytes_max) return 0;
        const std::size_t count = std::min(bytes.size(), to.inbox_bytes_max - to.unread());
        to.inbox.append(reinterpret_cast<const char*>(bytes.data()), count);
        if (to.events != nullptr) to.events->readable();
        return count;
    }

    std::size_t read(std::size_t at, std::byte* buffer, std::size_t capacity) {
        MemorySide& side = sides[at];
        const std::size_t count = std::min({side.unread(), side.read_bytes_max, capacity});
        std::memcpy(buffer, side.inbox.data() + side.taken, count);
        side.taken += count;
        if (side.taken == side.inbox.size()) {
            side.inbox.clear();
            side.taken = 0;
        }
        wake_writer(at);
        return count;
    }

    /// The other side may go on writing to this one.
    void wake_writer(std::size_t at) {
        if (LinkEvents* const events = sides[1 - at].events) events->writable();
    }

    void end(std::size_t from) {
        MemorySide& to = sides[1 - from];
        if (std::exchange(to.ended, true)) return;
        if (to.events != nullptr) to.events->readable();
    }

    void drop(std::size_t at) {
        sides[at].gone = true;
        sides[at].events = nullptr;
        end(at);
        wake_writer(at);
    }
};

namespace {

class MemoryLink final : public Link {
public:
    MemoryLink(std::shared_ptr<MemoryPipe> pipe, std::size_t side) noexcept
        : pipe_{std::move(pipe)}, side_{side} {}

    LinkKind kind() const noexcept override { return LinkKind::stream; }
    std::int64_t descriptor() const noexcept override { return -1; }

    void attach(LinkEvents* events) noexcept override {
        pipe_->sides[side_].events = events;
        events->readable();
    }

    LinkResult open() noexcept override { return LinkResult::ok; }

    LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept override {
        if (pipe_->broken) return {0, LinkResult::failed, 0};
        const std::size_t count = pipe_->read(side_, buffer, capacity);
        if (count != 0) return {count, LinkResult::ok, 0};
        return {0, pipe_->sides[side_].ended ? LinkResult::end : LinkResult::would_block, 0};
    }

    LinkIo writev(const Bytes* parts, std::uint32_t count, std::uint32_t) noexcept override {
        if (pipe_->broken || pipe_->sides[1 - side_].gone) return {0, LinkResult::failed, 0};
        std::uint64_t total = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::size_t written = pipe_->write(side_, parts[i].span());
            total += written;
            if (written != parts[i].size) break;
        }
        return {total, total == 0 ? LinkResult::would_block : LinkResult::ok, 0};
    }

    void shutdown() noexcept override { pipe_->end(side_); }
    NetAddress local() const noexcept override { return {0, 0, pipe_->ports[side_], {}}; }
    NetAddress remote() const noexcept override { return {0, 0, pipe_->ports[1 - side_], {}}; }

    void destroy() noexcept override {
        pipe_->drop(side_);
        delete this;
    }

private:
    std::shared_ptr<MemoryPipe> pipe_;
    std::size_t side_;
};

}  // namespace

class MemoryListener final : public TransportListener {
public:
    MemoryListener(MemoryNetwork& network, TransportHost& host, std::uint32_t index,
                   std::string name, std::uint16_t port)
        : network_{network}, host_{host}, index_{index}, name_{std::move(name)}, port_{port} {}

    NetAddress local() const noexcept override { return {0, 0, port_, {}}; }
    void destroy() noexcept override {
        network_.forget(*this);
        delete this;
    }

    bool is(std::string_view name, std::uint16_t port) const noexcept {
        return name == name_ && port == port_;
    }

    std::shared_ptr<MemoryPipe> accept() {
        auto pipe = std::make_shared<MemoryPipe>();
        pipe->ports = {port_, 0};
        host_.accepted(index_, new MemoryLink{pipe, 0});
        return pipe;
    }

private:
    MemoryNetwork& network_;
    TransportHost& host_;
    std::uint32_t index_;
    std::string name_;
    std::uint16_t port_;
};

}  // namespace detail

MemoryNetwork::MemoryNetwork() noexcept = default;
MemoryNetwork::~MemoryNetwork() = default;

void MemoryNetwork::forget(detail::MemoryListener& listener) noexcept {
    std::erase(listeners_, &listener);
}

// Those bound to one name take turns: the one that is chosen goes to the end of the line.
detail::MemoryListener* MemoryNetwork::choose(std::string_view name, std::uint16_t port) noexcept {
    const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                    [&](const auto* l) { return l->is(name, port); });
    if (found == listeners_.end()) return nullptr;
    std::rotate(found, found + 1, listeners_.end());
    return listeners_.back();
}

MemoryClient MemoryNetwork::connect(std::string_view name, std::uint16_t port) {
    detail::MemoryListener* const listener = choose(name, port);
    return listener == nullptr ? MemoryClient{} : MemoryClient{listener->accept()};
}

Status MemoryNetwork::bind(TransportHost* host, const BindRequest* request,
                           TransportListener** listener, TransportError* why) noexcept try {
    const std::string name{request->address};
    const std::uint16_t port = request->port != 0 ? request->port : next_port_++;
    const bool taken = std::any_of(listeners_.begin(), listeners_.end(),
                                   [&](const auto* l) { return l->is(name, port); });
    if (taken && request->share != PortShare::join) {
        why->set("cannot listen on memory " + name + ":" + std::to_string(port) +
                 ": Address already in use");
        return Status::already_exists;
    }
    auto made =
        std::make_unique<detail::MemoryListener>(*this, *host, request->listener_index, name, port);
    listeners_.push_back(made.get());
    *listener = made.release();
    return Status::ok;
} catch (const std::bad_alloc&) {
    return Status::limit;
}

Status MemoryNetwork::connect(TransportHost*, const ConnectRequest* request, Link** link,
                              TransportError* why) noexcept try {
    detail::MemoryListener* const listener = choose(request->address, request->port);
    if (listener == nullptr) {
        why->set("connect to memory " + std::string{request->address} + ":" +
                 std::to_string(request->port) + ": nobody listens there");
        return Status::unavailable;
    }
    *link = new detail::MemoryLink{listener->accept(), 1};
    return Status::ok;
} catch (const std::bad_alloc&) {
    return Status::limit;
}

MemoryClient::MemoryClient(std::shared_ptr<detail::MemoryPipe> pipe) noexcept
    : pipe_{std::move(pipe)} {}
MemoryClient::MemoryClient(MemoryClient&&) noexcept = default;

MemoryClient& MemoryClient::operator=(MemoryClient&& other) noexcept {
    if (this != &other) {
        if (pipe_ != nullptr) pipe_->drop(1);
        pipe_ = std::move(other.pipe_);
    }
    return *this;
}

MemoryClient::~MemoryClient() {
    if (pipe_ != nullptr) pipe_->drop(1);
}

void MemoryClient::write(std::span<const std::byte> bytes) { pipe_->write(1, bytes); }

void MemoryClient::write(std::string_view bytes) { write(std::as_bytes(std::span{bytes})); }

std::string MemoryClient::read() {
    detail::MemorySide& side = pipe_->sides[1];
    std::string bytes = side.inbox.substr(side.taken);
    side.inbox.clear();
    side.taken = 0;
    pipe_->wake_writer(1);
    return bytes;
}

void MemoryClient::split_reads(std::size_t bytes_max) {
    pipe_->sides[0].read_bytes_max =
        bytes_max == 0 ? std::numeric_limits<std::size_t>::max() : bytes_max;
}

void MemoryClient::limit_unread(std::size_t bytes) { pipe_->sides[1].inbox_bytes_max = bytes; }

void MemoryClient::stall(bool stalled) {
    pipe_->sides[1].stalled = stalled;
    if (!stalled) pipe_->wake_writer(1);
}

void MemoryClient::close() { pipe_->end(1); }

void MemoryClient::reset() {
    pipe_->broken = true;
    if (LinkEvents* const events = pipe_->sides[0].events) events->readable();
}

bool MemoryClient::peer_closed() const noexcept {
    return pipe_->sides[1].ended || pipe_->sides[0].gone;
}

}  // namespace gantry::net
