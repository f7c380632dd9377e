// DeadlineWheel: one coarse deadline per connection, in intrusive lists. Internal.
#pragma once
#include <array>
#include <cstdint>

#include "gantry/types.h"

namespace gantry::net {

/// Base of what can hang in the wheel.
struct DeadlineNode {
    DeadlineNode* previous = nullptr;
    DeadlineNode* next = nullptr;
    TimeNs due = 0;
    std::uint16_t bucket = 0xFFFF;  // 0xFFFF: not in the wheel
};

/// Fires up to one bucket (67 ms) late, never early. A deadline beyond the horizon (17 s) is looked
/// at once a turn and hung in again. Empty, it wakes nobody.
class DeadlineWheel {
public:
    static constexpr TimeNs never = INT64_MAX;

    explicit DeadlineWheel(TimeNs now) noexcept : tick_{tick_of(now)} {}

    /// Replaces the node's former deadline.
    void set(DeadlineNode& node, TimeNs due) noexcept;
    void cancel(DeadlineNode& node) noexcept;

    /// Takes out one node that is due, or null. Call until null.
    DeadlineNode* take_due(TimeNs now) noexcept;
    /// When to call take_due() next; `never` when empty.
    TimeNs next_due() const noexcept;

private:
    static constexpr int tick_shift = 26;
    static constexpr std::size_t bucket_count = 256;
    static std::int64_t tick_of(TimeNs at) noexcept { return at >> tick_shift; }

    void insert(DeadlineNode& node) noexcept;

    std::array<DeadlineNode*, bucket_count> buckets_{};
    std::int64_t tick_;  // buckets before it are done
    std::size_t count_ = 0;
};

}  // namespace gantry::net
