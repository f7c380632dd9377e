// EdgeSet: the sockets of a shard's connections, registered once and told apart by edges. Internal.
#pragma once
#include <cstdint>

#include "host/net/reactor.h"

namespace gantry::net {

/// One descriptor in a set; lies inside its connection and does not move.
struct EdgeWatch {
    ReadinessSink* sink = nullptr;
    int descriptor = -1;  // -1: not in a set
    bool read_armed = false;
    bool write_armed = false;
    bool ended = false;   // the peer's end was seen: readable for ever
    bool broken = false;  // both directions are over: writable for ever, with an error
};

/// Asio re-arms a descriptor with one system call for every message of a connection that sends
/// single messages. Here a descriptor costs two calls in its life; the io_context watches the set
/// as a whole. What is armed is reported at the next edge, so arm only after reading or writing
/// until nothing more was there.
class EdgeSet final : private ReadinessSink {
public:
    explicit EdgeSet(Reactor& reactor);
    ~EdgeSet();
    EdgeSet(const EdgeSet&) = delete;
    EdgeSet& operator=(const EdgeSet&) = delete;

    /// False when the system cannot watch the descriptor.
    bool add(EdgeWatch& watch, int descriptor, ReadinessSink& sink) noexcept;
    /// Before the descriptor is closed, and not from within a report.
    void remove(EdgeWatch& watch) noexcept;
    void arm_read(EdgeWatch& watch) noexcept;
    void arm_write(EdgeWatch& watch) noexcept;

    /// Reports what is ready; never blocks. Call it after Reactor::poll().
    void poll() noexcept;

private:
    void on_readable() noexcept override { fired_ = true; }
    void on_writable() noexcept override {}

    Reactor& reactor_;
    int set_;
    Reactor::Watch* set_watch_;
    bool fired_ = false;  // the io_context saw the set ready and does not watch it now
};

}  // namespace gantry::net
