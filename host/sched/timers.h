// Timers: many per key, in the order they fall due, driven by advance(now).
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/types.h"
#include "host/core/result.h"
#include "host/sched/timer_keys.h"
#include "host/sched/timer_wheel.h"

namespace gantry::sched {

struct TimerLimits {
    std::uint32_t timers_max = 1u << 20;
    std::uint32_t key_bytes_max = 256;  ///< also of a handler's name
    std::uint32_t payload_bytes_max = 4096;
    std::uint32_t catch_up_max = 64;  ///< periods made up per timer and advance(); the rest slips
};

/// What a callback is told. The views hold for the call.
struct TimerFire {
    TimerId id;
    OwnerId owner = 0;
    std::string_view key;
    std::string_view handler;
    std::span<const std::byte> payload;
    TimeNs due = 0;
    TimeNs now = 0;
    std::uint64_t slipped = 0;  ///< periods passed over just before this one
    bool last = false;          ///< the timer ends with this call
};

using TimerCallback = void (*)(void* context, const TimerFire& fire) noexcept;

struct TimerBinding {
    TimerCallback callback = nullptr;
    void* context = nullptr;
};

/// With a `handler` the timer is portable: a swap binds it again by that name. Without, it is
/// private and ends with its owner.
struct TimerSpec {
    OwnerId owner = 0;
    std::string_view key;
    TimeNs delay = 0;         ///< to the first call; <= 0 is the next advance(), never inline
    TimeNs period = 0;        ///< between calls; needed (> 0) when `repeat` is not 1
    std::int64_t repeat = 1;  ///< calls in all; -1 is for ever
    TimerBinding binding;
    std::string_view handler;
    std::span<const std::byte> payload;
};

/// One line of an owner's ledger.
struct TimerEntry {
    TimerId id;
    std::string key;
    std::string handler;
    TimeNs due = 0;
    TimeNs period = 0;
    std::int64_t repeat_left = 0;
};

struct TimerStats {
    std::uint64_t live = 0;
    std::uint64_t fired = 0;
    std::uint64_t slipped = 0;
    std::uint64_t limit_refusals = 0;
};

/// What rebind does with a handler that nobody has any more.
enum class Unresolved { refuse, cancel };

/// A room's timers. Nothing is allocated once the busiest moment has been seen. Callbacks may add
/// and cancel any timer, their own too. [room]
class Timers {
public:
    explicit Timers(TimeNs now, const TimerLimits& limits = {});
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// A timer of its own, whatever else has the key. `limit` at timers_max; `invalid` for a repeat
    /// of 0 or below -1, a missing period or callback, or too long a key, handler or payload.
    Result<TimerId> add(const TimerSpec& spec, TimeNs now);
    /// All timers that this owner has under the key; answers how many.
    std::uint64_t cancel(OwnerId owner, std::string_view key);
    /// One timer; false when it has ended.
    bool cancel(TimerId id);
    std::uint64_t cancel_owner(OwnerId owner);
    /// Timers of this owner under the key.
    std::uint64_t count(OwnerId owner, std::string_view key) const;

    /// Calls what is due at `now`, by due time and then by age. Timers added meanwhile wait for
    /// the next call. Repeating timers keep their phase. Answers the number of calls.
    std::uint64_t advance(TimeNs now);
    /// Not later than the first due time, maybe earlier; no_timer when there is none.
    TimeNs next_due();
    static constexpr TimeNs no_timer = INT64_MAX;

    /// Gives the portable timers of `from` to `to`, bound to what `resolve` answers for their
    /// handler; private ones stay with `from`. With `refuse`, a name that resolves to nothing
    /// changes nothing and is named. Answers how many moved.
    using Resolve = std::function<TimerBinding(std::string_view handler)>;
    Result<std::uint64_t> rebind(OwnerId from, OwnerId to, const Resolve& resolve,
                                 Unresolved unresolved = Unresolved::refuse);

    std::vector<TimerEntry> ledger(OwnerId owner) const;
    std::uint64_t owned(OwnerId owner) const noexcept;
    const TimerStats& stats() const noexcept { return stats_; }

private:
    struct Node;
    Node* find(TimerId id) noexcept;
    std::uint32_t take_node();
    void arm(std::uint32_t index);
    void end(std::uint32_t index);
    bool fire(std::uint32_t index, TimeNs now);

    TimerLimits limits_;
    TimerStats stats_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> fresh_;  // added while advancing; armed at its end
    TimerWheel wheel_;
    TimerKeys keys_;
    std::uint64_t next_order_ = 1;
    bool advancing_ = false;
};

}  // namespace gantry::sched
