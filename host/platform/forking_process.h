// ForkingProcess: the inside of a fork server, see fork_server.h.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/platform/descriptor.h"

namespace gantry::platform {

/// What the program does that a ForkServer has started:
///
///     while (const auto order = self.next_order()) {
///         …  // what it needs is in memory here already
///         if (self.fork()) return …;
///     }
///
/// In a process with one thread.
class ForkingProcess {
public:
    /// What the next process is for. Nothing once the ForkServer is gone: then all that this one
    /// has forked are, too.
    std::optional<std::string> next_order();
    /// True in the new process, which leads a process group, and whose standard output and error
    /// are heard by the ForkedProcess. False here, also when there can be none: that is told.
    bool fork();

private:
    struct Order {
        std::string text;
        Descriptor control;
        Descriptor reports;
        Descriptor output;
    };
    struct Forked {
        int id = 0;
        Descriptor end;  // readable once it has ended
        Descriptor control;
        bool killed = false;
    };

    static std::optional<Order> read_order();
    bool wait_for_order();
    void become_forked(const Order& order, int server);

    Order order_;
    std::vector<Forked> running_;
};

/// In a forked process: one line to the ForkedProcess, at once.
void report(std::string_view line) noexcept;

}  // namespace gantry::platform
