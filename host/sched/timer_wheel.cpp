#include "host/sched/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "host/core/assert.h"

namespace gantry::sched {
namespace {

constexpr std::uint32_t at_once_list = 5 * 64;

std::int64_t ms_floor(TimeNs time) { return time / ns_per_ms; }
std::int64_t ms_ceil(TimeNs time) { return time / ns_per_ms + (time % ns_per_ms > 0 ? 1 : 0); }
TimeNs later(TimeNs time, TimeNs by) { return by > never - time ? never : time + by; }

}  // namespace

TimerWheel::Node* TimerWheel::find(TimerId id) noexcept {
    const auto index = static_cast<std::uint32_t>(id);
    if (index >= nodes_.size()) return nullptr;
    Node& node = nodes_[index];
    return node.live && node.timer.id == id ? &node : nullptr;
}

Result<TimerId> TimerWheel::add(TimeNs now, const TimerSpec& spec) {
    if (!started_) {
        current_ms_ = ms_floor(now);
        started_ = true;
    }
    if (counters_.active >= timers_max_) {
        ++counters_.refused;
        return Error{Status::limit,
                     "the world has " + std::to_string(timers_max_) + " timers already"};
    }
    if (spec.key.size() > timer_key_bytes_max || spec.handler.size() > timer_key_bytes_max ||
        spec.payload.size > timer_payload_bytes_max) {
        ++counters_.refused;
        return Error{Status::invalid,
                     "a timer's key and handler may have " + std::to_string(timer_key_bytes_max) +
                         " bytes, its payload " + std::to_string(timer_payload_bytes_max)};
    }
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    Node& node = nodes_[index];
    node.live = true;
    node.sequence = next_sequence_++;
    Timer& timer = node.timer;
    timer.id = (std::uint64_t{node.generation} << 32) | index;
    timer.kind = spec.kind;
    timer.value = spec.value;
    timer.owner = spec.owner;
    timer.key = spec.key;
    timer.handler = spec.handler;
    timer.payload.assign(spec.payload.data, spec.payload.data + spec.payload.size);
    timer.run = spec.run;
    timer.context = spec.context;
    timer.due = later(now, std::max<TimeNs>(spec.delay, 0));
    timer.every = spec.every;
    timer.repeat = spec.repeat;
    keys_.link(index, timer.key);
    ++counters_.active;
    place(index, spec.delay <= 0);
    return timer.id;
}

void TimerWheel::place(std::uint32_t index, bool at_once) {
    const std::int64_t due_ms = ms_ceil(nodes_[index].timer.due);
    const std::int64_t ahead = due_ms - current_ms_;
    if (at_once || ahead <= 0) return link(index, at_once_list);
    for (int level = 0; level < levels; ++level) {
        const int shift = 6 * level;
        if (ahead < (std::int64_t{1} << (shift + 6)) || level == levels - 1) {
            // Beyond the last wheel: its farthest slot, from where it is placed anew.
            const std::int64_t reach = (std::int64_t{1} << (shift + 6)) - 1;
            const std::int64_t at = current_ms_ + std::min(ahead, reach);
            const auto slot = static_cast<std::uint32_t>((at >> shift) & (slots - 1));
            return link(index, static_cast<std::uint32_t>(level * slots) + slot);
        }
    }
}

void TimerWheel::link(std::uint32_t index, std::uint32_t list) {
    Node& node = nodes_[index];
    node.list = list;
    node.previous = nil;
    node.next = heads_[list];
    if (node.next != nil) nodes_[node.next].previous = index;
    heads_[list] = index;
    if (list < at_once_list) filled_[list / slots] |= std::uint64_t{1} << (list % slots);
}

void TimerWheel::unlink(std::uint32_t index) noexcept {
    Node& node = nodes_[index];
    if (node.list == nil) return;
    if (node.next != nil) nodes_[node.next].previous = node.previous;
    if (node.previous != nil) {
        nodes_[node.previous].next = node.next;
    } else {
        heads_[node.list] = node.next;
        if (node.next == nil && node.list < at_once_list) {
            filled_[node.list / slots] &= ~(std::uint64_t{1} << (node.list % slots));
        }
    }
    node.list = nil;
}

// From here on the timer is nobody's; its memory is kept while a handler still looks at it.
void TimerWheel::end_node(std::uint32_t index) {
    Node& node = nodes_[index];
    keys_.unlink(index);
    unlink(index);
    node.live = false;
    ++node.generation;
    --counters_.active;
    if (!node.firing) release_node(index);
}

void TimerWheel::release_node(std::uint32_t index) { free_.push_back(index); }

bool TimerWheel::cancel(TimerId id) {
    if (find(id) == nullptr) return false;
    end_node(static_cast<std::uint32_t>(id));
    return true;
}

std::uint32_t TimerWheel::cancel_key(std::string_view key) {
    std::uint32_t count = 0;
    for (std::uint32_t index = keys_.first(key); index != TimerKeys::none; ++count) {
        const std::uint32_t next = keys_.next(index);
        end_node(index);
        index = next;
    }
    return count;
}

template <class Match>
std::uint32_t TimerWheel::cancel_if(Match match) {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        if (!nodes_[i].live || !match(nodes_[i].timer)) continue;
        end_node(i);
        ++count;
    }
    return count;
}

std::uint32_t TimerWheel::cancel_all(std::uint32_t owner) {
    return cancel_if([=](const Timer& timer) { return timer.owner == owner; });
}

std::uint32_t TimerWheel::rebind(std::uint32_t from, std::uint32_t to) {
    std::uint32_t count = 0;
    for (Node& node : nodes_) {
        if (!node.live || node.timer.owner != from || node.timer.kind != TimerKind::portable)
            continue;
        node.timer.owner = to;
        ++count;
    }
    return count;
}

std::uint32_t TimerWheel::count(std::uint32_t owner, TimerKind kind) const {
    return static_cast<std::uint32_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [&](const Node& node) {
            return node.live && node.timer.owner == owner && node.timer.kind == kind;
        }));
}

TimeNs TimerWheel::next_due() const noexcept {
    if (heads_[at_once_list] != nil) return 0;
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    for (int level = 0; level < levels; ++level) {
        if (filled_[static_cast<std::size_t>(level)] == 0) continue;
        const int shift = 6 * level;
        const std::int64_t position = current_ms_ >> shift;
        // The slot of the present position holds what is due a whole turn later, so begin behind
        // it.
        const auto from = static_cast<int>((position + 1) & (slots - 1));
        const int steps =
            std::countr_zero(std::rotr(filled_[static_cast<std::size_t>(level)], from));
        best = std::min(best, (position + 1 + steps) << shift);
    }
    return best == std::numeric_limits<std::int64_t>::max() ? never : best * ns_per_ms;
}

void TimerWheel::take_list(std::uint32_t list, std::vector<std::uint32_t>& out) {
    while (heads_[list] != nil) {
        const std::uint32_t index = heads_[list];
        unlink(index);
        out.push_back(index);
    }
}

// Walks to now_ms by steps that skip what is empty; what comes due goes to due_.
void TimerWheel::turn_to(std::int64_t now_ms) {
    while (current_ms_ < now_ms) {
        const TimeNs next = next_due();
        const std::int64_t next_ms = next == never ? now_ms : next / ns_per_ms;
        if (heads_[at_once_list] == nil && next_ms > now_ms) {
            current_ms_ = now_ms;
            return;
        }
        current_ms_ = std::clamp(next_ms, current_ms_ + 1, now_ms);
        for (int level = levels - 1; level >= 1; --level) {
            const int shift = 6 * level;
            if ((current_ms_ & ((std::int64_t{1} << shift) - 1)) != 0) continue;
            const auto slot = static_cast<std::uint32_t>((current_ms_ >> shift) & (slots - 1));
            cascade_.clear();
            take_list(static_cast<std::uint32_t>(level * slots) + slot, cascade_);
            for (const std::uint32_t index : cascade_) {
                if (ms_ceil(nodes_[index].timer.due) <= current_ms_) {
                    due_.push_back(index);
                } else {
                    place(index, false);
                }
            }
        }
        take_list(static_cast<std::uint32_t>(current_ms_ & (slots - 1)), due_);
    }
}

void TimerWheel::advance(TimeNs now, const std::function<void(const Timer&, bool last)>& fire) {
    if (!started_) return;
    due_.clear();
    take_list(at_once_list, due_);
    turn_to(ms_floor(now));
    if (due_.empty()) return;
    std::sort(due_.begin(), due_.end(), [this](std::uint32_t a, std::uint32_t b) {
        const Node& x = nodes_[a];
        const Node& y = nodes_[b];
        return x.timer.due != y.timer.due ? x.timer.due < y.timer.due : x.sequence < y.sequence;
    });
    // A handler may cancel a later one of this batch, and its slot may be reused at once.
    due_ids_.clear();
    for (const std::uint32_t index : due_) due_ids_.push_back(nodes_[index].timer.id);
    for (const TimerId id : due_ids_) {
        if (find(id) != nullptr) fire_one(static_cast<std::uint32_t>(id), now, fire);
    }
}

void TimerWheel::fire_one(std::uint32_t index, TimeNs now,
                          const std::function<void(const Timer&, bool last)>& fire) {
    ++counters_.fired;
    Node& node = nodes_[index];
    node.firing = true;
    const bool last = node.timer.repeat == 0;
    if (last) end_node(index);
    fire(node.timer, last);
    node.firing = false;
    if (!node.live) return release_node(index);

    Timer& timer = node.timer;
    if (timer.repeat > 0) --timer.repeat;
    const TimeNs every = std::max<TimeNs>(timer.every, ns_per_ms);
    const TimeNs missed = std::max<TimeNs>(now - timer.due, 0) / every;
    timer.due = later(timer.due + missed * every, every);
    place(index, false);
}

}  // namespace gantry::sched
