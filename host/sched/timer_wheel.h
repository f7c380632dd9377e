// TimerWheel: the timers of one world. Hierarchical wheels (Varghese and Lauck, SOSP 1987),
// scheme 7.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/schedule.h"
#include "host/core/result.h"
#include "host/sched/timer_keys.h"

namespace gantry::sched {

/// Sub-key of a timer: never given twice by one wheel.
using TimerId = std::uint64_t;
inline constexpr TimeNs never = std::numeric_limits<TimeNs>::max();

/// What a timer is for. A portable one has a handler's name and survives its owner; the others go
/// with it: a private one has a function, the host's own resumes a task.
enum class TimerKind : std::uint8_t { portable, function, task };

struct TimerSpec {
    TimerKind kind = TimerKind::portable;
    std::uint32_t owner = 0;
    std::string_view key;
    std::string_view handler;
    Bytes payload;
    TimerFunction run = nullptr;
    void* context = nullptr;
    TimeNs delay = 0;
    TimeNs every = 0;
    std::int32_t repeat = 0;  ///< how many times more after the first; -1: for ever
    std::uint64_t value = 0;  ///< of a task: its id
};

struct Timer {
    TimerId id = 0;
    TimerKind kind = TimerKind::portable;
    std::uint32_t owner = 0;
    std::string key;
    std::string handler;
    std::vector<std::byte> payload;
    TimerFunction run = nullptr;
    void* context = nullptr;
    TimeNs due = 0;
    TimeNs every = 0;
    std::int32_t repeat = 0;
    std::uint64_t value = 0;
};

struct TimerCounters {
    std::uint64_t fired = 0;
    std::uint64_t refused = 0;  ///< at the limit
    std::uint32_t active = 0;
};

inline constexpr std::uint64_t timer_key_bytes_max = 1024;  ///< also of a handler's name
inline constexpr std::uint64_t timer_payload_bytes_max = 64u << 10;

/// Resolution 1 ms. Many timers may share a key and none overwrites another. Allocates nothing once
/// the most timers at a time have been seen, but for keys and payloads longer than before. [world]
class TimerWheel {
public:
    explicit TimerWheel(std::uint32_t timers_max) : timers_max_{timers_max} { heads_.fill(nil); }

    /// A delay of zero or less fires at the next advance(), never inside this one. `limit` at
    /// timers_max, `invalid` for too long a key, handler or payload.
    Result<TimerId> add(TimeNs now, const TimerSpec& spec);
    bool cancel(TimerId id);
    std::uint32_t cancel_key(std::string_view key);
    std::uint32_t cancel_all(std::uint32_t owner);
    /// The portable timers of one owner become another's.
    std::uint32_t rebind(std::uint32_t from, std::uint32_t to);
    std::uint32_t count(std::uint32_t owner, TimerKind kind) const;
    /// `see(timer)` for each of them; it changes nothing here.
    template <class See>
    void each(std::uint32_t owner, TimerKind kind, See see) const {
        for (const Node& node : nodes_) {
            const Timer& timer = node.timer;
            if (node.live && timer.owner == owner && timer.kind == kind) see(timer);
        }
    }

    /// The earliest time at which advance() may have something to do, or `never`.
    TimeNs next_due() const noexcept;

    /// Fires all that is due, by due time and then age. `fire` may add and cancel timers, also the
    /// one that fires; the Timer is good for the call. A repeating timer keeps its phase; turns
    /// that were missed entirely are skipped.
    void advance(TimeNs now, const std::function<void(const Timer&, bool last)>& fire);

    const TimerCounters& counters() const noexcept { return counters_; }

private:
    static constexpr std::uint32_t nil = 0xffffffff;
    static constexpr int levels = 5;
    static constexpr int slots = 64;

    struct Node {
        Timer timer;
        std::uint32_t generation = 1;
        std::uint32_t next = nil;
        std::uint32_t previous = nil;
        std::uint32_t list = nil;  ///< which list it is in; nil: free, or firing
        bool live = false;
        bool firing = false;
        std::uint64_t sequence = 0;
    };

    Node* find(TimerId id) noexcept;
    void place(std::uint32_t index, bool at_once);
    void link(std::uint32_t index, std::uint32_t list);
    void unlink(std::uint32_t index) noexcept;
    void end_node(std::uint32_t index);
    void release_node(std::uint32_t index);
    void take_list(std::uint32_t list, std::vector<std::uint32_t>& out);
    void turn_to(std::int64_t now_ms);
    void fire_one(std::uint32_t index, TimeNs now,
                  const std::function<void(const Timer&, bool last)>& fire);
    template <class Match>
    std::uint32_t cancel_if(Match match);

    std::uint32_t timers_max_;
    std::deque<Node> nodes_;  // a handler holds its Timer while others are added
    std::vector<std::uint32_t> free_;
    std::array<std::uint32_t, levels * slots + 1> heads_;  // the last: fires at the next advance
    std::array<std::uint64_t, levels> filled_{};
    TimerKeys keys_;
    std::vector<std::uint32_t> due_;
    std::vector<TimerId> due_ids_;
    std::vector<std::uint32_t> cascade_;
    std::int64_t current_ms_ = 0;
    bool started_ = false;
    std::uint64_t next_sequence_ = 0;
    TimerCounters counters_;
};

}  // namespace gantry::sched
