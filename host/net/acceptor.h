// Acceptor: the room that accepts for all shards where a listener's balance is not the kernel's.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "host/core/clock.h"
#include "host/core/result.h"
#include "host/net/listener.h"

namespace gantry::net {

class Shard;

/// Where accepted connections go: a shard, and the index that the listener has there.
struct AcceptTarget {
    Shard* shard = nullptr;
    std::uint32_t listener_index = 0;
};

/// The policy alone: which of `loads.size()` shards gets a peer with this address.
class Balancer {
public:
    explicit Balancer(Balance balance) noexcept : balance_{balance} {}
    /// `remote_hash` is the hash of the peer's IP address without its port. `loads` is not empty.
    std::size_t choose(const std::vector<std::uint32_t>& loads, std::uint64_t remote_hash) noexcept;

private:
    Balance balance_;
    std::size_t next_ = 0;
};

struct AcceptorCounters {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;  ///< no shard took it: closed at once
    std::uint64_t errors = 0;   ///< accept failed, for example without descriptors
    std::uint64_t backoffs = 0;
};

/// One thread at a time polls it, as a shard.
class Acceptor {
public:
    explicit Acceptor(const core::Clock& clock);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    /// Listens over "tcp" (also below "ws") and spreads over `targets`, whose shards outlive the
    /// acceptor. The port in the answer is the real one. [the acceptor's thread]
    Result<BoundListener> listen(const ListenerConfig& config, std::vector<AcceptTarget> targets);
    void stop_listening();

    bool poll(TimeNs now);
    void wait(TimeNs until);
    void wake() noexcept;  ///< [any thread]
    AcceptorCounters counters() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::net
