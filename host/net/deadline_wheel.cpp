#include "host/net/deadline_wheel.h"

#include <algorithm>

#include "host/core/assert.h"

namespace gantry::net {

void DeadlineWheel::insert(DeadlineNode& node) noexcept {
    // A node is looked at in the bucket after its due time, so that it never fires early.
    const std::int64_t wanted = tick_of(node.due) + 1;
    const auto last = tick_ + static_cast<std::int64_t>(bucket_count) - 1;
    const auto bucket = static_cast<std::size_t>(std::clamp(wanted, tick_, last)) % bucket_count;
    node.bucket = static_cast<std::uint16_t>(bucket);
    node.previous = nullptr;
    node.next = buckets_[bucket];
    if (node.next != nullptr) node.next->previous = &node;
    buckets_[bucket] = &node;
    ++count_;
}

void DeadlineWheel::set(DeadlineNode& node, TimeNs due) noexcept {
    cancel(node);
    node.due = due;
    insert(node);
}

void DeadlineWheel::cancel(DeadlineNode& node) noexcept {
    if (node.bucket == 0xFFFF) return;
    GANTRY_ASSERT(count_ > 0);
    (node.previous != nullptr ? node.previous->next : buckets_[node.bucket]) = node.next;
    if (node.next != nullptr) node.next->previous = node.previous;
    node.bucket = 0xFFFF;
    --count_;
}

DeadlineNode* DeadlineWheel::take_due(TimeNs now) noexcept {
    const std::int64_t now_tick = tick_of(now);
    if (count_ == 0) tick_ = std::max(tick_, now_tick);
    // After a long sleep one turn of the wheel sees every node.
    tick_ = std::max(tick_, now_tick - static_cast<std::int64_t>(bucket_count) + 1);
    while (tick_ <= now_tick) {
        const auto bucket = static_cast<std::size_t>(tick_) % bucket_count;
        for (DeadlineNode* node = buckets_[bucket]; node != nullptr; node = node->next) {
            if (node->due > now) continue;
            cancel(*node);
            return node;
        }
        // What is left lies beyond the horizon, or within the present bucket: later.
        if (tick_ == now_tick) return nullptr;
        DeadlineNode* node = buckets_[bucket];
        ++tick_;
        while (node != nullptr) {
            DeadlineNode* const next = node->next;
            set(*node, node->due);
            node = next;
        }
    }
    return nullptr;
}

TimeNs DeadlineWheel::next_due() const noexcept {
    if (count_ == 0) return never;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        const std::int64_t tick = tick_ + static_cast<std::int64_t>(i);
        if (buckets_[static_cast<std::size_t>(tick) % bucket_count] != nullptr) {
            return (tick + 1) << tick_shift;
        }
    }
    return never;
}

}  // namespace gantry::net
