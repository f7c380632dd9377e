// TimerWheel: which of many timers is due first, in constant time; hierarchical, by powers of 64.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "gantry/types.h"

namespace gantry::sched {

/// Holds numbers of timers ("nodes") only. A node is in it at most once. Eight levels of 64 slots
/// reach over all of TimeNs; a slot of the lowest level is 2^20 ns, and what falls into the
/// slot of now waits in a heap by (due, order), so that order and time are exact. [room]
class TimerWheel {
public:
    struct Due {
        TimeNs due = 0;
        std::uint64_t order = 0;  ///< breaks ties; unique
        std::uint32_t node = 0;
    };
    static constexpr TimeNs never = INT64_MAX;

    explicit TimerWheel(TimeNs now) noexcept;

    /// Makes room for nodes below `count`.
    void resize(std::uint32_t count);
    void insert(const Due& timer);
    /// Nothing when the node is not in the wheel.
    void remove(std::uint32_t node) noexcept;
    /// The first by (due, order) with due <= now goes out; false when there is none.
    bool pop(TimeNs now, Due& out);
    /// Not later than the first due; `never` when empty.
    TimeNs next_due() noexcept;

private:
    static constexpr std::uint32_t levels = 8;
    static constexpr std::uint32_t slots = 64;
    static constexpr std::uint32_t slot_bits = 6;
    static constexpr std::uint32_t tick_bits = 20;
    static constexpr std::uint32_t none = 0xffffffffu;
    static constexpr std::uint16_t nowhere = 0xffff;
    static constexpr std::uint16_t in_heap = 0xfffe;

    struct Node {
        Due timer;
        std::uint32_t next = none;
        std::uint32_t previous = none;
        std::uint16_t slot = nowhere;
    };

    void link(std::uint32_t node, std::uint16_t slot) noexcept;
    void unlink(std::uint32_t node) noexcept;
    void place(std::uint32_t node);
    void move_to(std::uint64_t tick);
    void drop_stale() noexcept;

    std::vector<Node> nodes_;
    std::vector<Due>
        heap_;  // may hold entries that were removed since: their order is not the node's
    std::array<std::uint32_t, levels * slots> heads_;
    std::array<std::uint64_t, levels> occupied_{};  // one bit a slot
    std::uint64_t tick_;
};

}  // namespace gantry::sched
