// Reactor: one io_context without locks, reduced to what shards need: readiness and wake-ups.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "gantry/types.h"

namespace gantry::net {

/// Told when a watched descriptor is ready. Called from Reactor::poll() and wait() only.
struct ReadinessSink {
    virtual void on_readable() noexcept = 0;
    virtual void on_writable() noexcept = 0;

protected:
    ~ReadinessSink() = default;
};

/// All but wake() on one thread at a time.
class Reactor {
public:
    struct Watch;

    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Watches a non-blocking descriptor that stays its owner's; null when the system refuses.
    /// Nothing is reported before it is armed. `sink` lives until close().
    Watch* open(int descriptor, ReadinessSink& sink);
    /// One report follows, also when the descriptor is ready already. Arming twice is once.
    void arm_read(Watch& watch);
    void arm_write(Watch& watch);
    /// Nothing is reported any more. Call it before the descriptor is closed.
    void close(Watch* watch) noexcept;

    /// Reports all that is ready; never blocks.
    void poll();
    /// Blocks until something was reported, wake() is called or `for_ns` are over.
    void wait(TimeNs for_ns);
    /// Makes the present or the next wait() return at once. [any thread]
    void wake() noexcept;

private:
    class Alarm;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::net
