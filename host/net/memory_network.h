// MemoryNetwork: the scheme "memory". Links between a test and a shard in one thread, without
// sockets.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/transport.h"

namespace gantry::net {

namespace detail {
struct MemoryPipe;
class MemoryListener;
}  // namespace detail

/// A test's end of a link. Closing happens with the destructor at the latest.
class MemoryClient {
public:
    MemoryClient() noexcept = default;
    MemoryClient(MemoryClient&&) noexcept;
    MemoryClient& operator=(MemoryClient&&) noexcept;
    ~MemoryClient();

    explicit operator bool() const noexcept { return pipe_ != nullptr; }

    /// The shard reads these bytes at its next poll.
    void write(std::span<const std::byte> bytes);
    void write(std::string_view bytes);
    /// All that the shard wrote since the last call.
    std::string read();
    /// One read of the shard returns at most so many bytes; 0: no limit.
    void split_reads(std::size_t bytes_max);
    /// The shard's writes are not accepted beyond `bytes` unread ones; a later read() lets it go
    /// on.
    void limit_unread(std::size_t bytes);
    /// True: the shard can write nothing at all.
    void stall(bool stalled);
    /// An orderly end: the shard reads what was written, then the end.
    void close();
    /// A broken link: the shard's next read or write fails.
    void reset();
    /// The shard has ended its side, or dropped the link.
    bool peer_closed() const noexcept;

private:
    friend class MemoryNetwork;
    explicit MemoryClient(std::shared_ptr<detail::MemoryPipe> pipe) noexcept;
    std::shared_ptr<detail::MemoryPipe> pipe_;
};

/// All names of one simulated machine. Add it to the registries of the shards that shall use it;
/// listeners are bound by ListenerConfig::address as a name and port. Single-threaded; outlives the
/// shards.
class MemoryNetwork final : public TransportFactory {
public:
    MemoryNetwork() noexcept;
    ~MemoryNetwork();
    MemoryNetwork(const MemoryNetwork&) = delete;
    MemoryNetwork& operator=(const MemoryNetwork&) = delete;

    /// An invalid client when nobody listens there. Several shards bound to one name take turns.
    MemoryClient connect(std::string_view name, std::uint16_t port);

    Str scheme() const noexcept override { return "memory"; }
    LinkKind kind() const noexcept override { return LinkKind::stream; }
    Status bind(TransportHost* host, const BindRequest* request, TransportListener** listener,
                TransportError* why) noexcept override;
    Status connect(TransportHost* host, const ConnectRequest* request, Link** link,
                   TransportError* why) noexcept override;

private:
    friend class detail::MemoryListener;
    detail::MemoryListener* choose(std::string_view name, std::uint16_t port) noexcept;
    void forget(detail::MemoryListener& listener) noexcept;

    std::vector<detail::MemoryListener*> listeners_;  // each owned by the shard that bound it
    std::uint16_t next_port_ = 1;
};

}  // namespace gantry::net
