// gantry/schedule.h: "gantry.schedule/1", what runs in a world without a message: systems, timers,
// tasks.
#pragma once
#include "gantry/types.h"

namespace gantry {

/// The steps of a tick, in this order.
enum class Stage : std::uint32_t { receive, update, send, cleanup };

/// What a system gets, once a tick.
struct Tick {
    std::uint64_t number = 0;
    TimeNs step = 0;  ///< the fixed length of a tick
    TimeNs now = 0;
};

using SystemFunction = void (*)(void* context, const Tick* tick) noexcept;

struct SystemDesc {
    Str name;
    Stage stage = Stage::update;
    SystemFunction run = nullptr;
    void* context = nullptr;
    const std::uint32_t* reads = nullptr;  ///< component ids
    const std::uint32_t* writes = nullptr;
    const Str* before = nullptr;  ///< names of systems in the same stage
    const Str* after = nullptr;
    std::uint32_t read_count = 0;
    std::uint32_t write_count = 0;
    std::uint32_t before_count = 0;
    std::uint32_t after_count = 0;
};

struct TimerFire {
    std::uint64_t timer = 0;  ///< the unique sub-key
    Str key;
    Bytes payload;
    TimeNs due = 0;
    std::uint32_t last = 0;  ///< 1: will not fire again
    std::uint32_t reserved = 0;
};
using TimerFunction = void (*)(void* context, const TimerFire* fire) noexcept;

/// A frame's message as systems see it: everything that arrived since the last tick.
struct NetworkEvent {
    SessionId session;
    Entity entity;
    std::uint16_t message_id = 0;
    std::uint16_t reserved[3] = {};
    TimeNs received_at = 0;
    Bytes payload;
};

/// A coroutine of a plugin in the host's ledger. `resume` runs it on; `destroy` frees its frame.
struct TaskDesc {
    Str name;
    Str file;
    std::uint32_t line = 0;
    std::uint32_t reserved = 0;
    void (*resume)(void* frame) noexcept = nullptr;
    void (*destroy)(void* frame) noexcept = nullptr;
    void* frame = nullptr;
};

/// All calls [world].
struct Schedule {
    static constexpr const char* interface_id = "gantry.schedule/1";

    /// Only during start(). `invalid` with a log line for a cycle of before and after.
    virtual Status system(const SystemDesc* desc) noexcept = 0;
    virtual Tick tick() noexcept = 0;
    /// Keep every message of the coming ticks for network_events(). Off by default: it copies.
    virtual void keep_network_events() noexcept = 0;
    /// What arrived since the last tick; valid until the tick ends.
    virtual std::uint32_t network_events(const NetworkEvent** out) noexcept = 0;

    /// Names a handler for portable timers: a timer set by an older generation finds it by name.
    virtual Status on_timer(Str handler, TimerFunction run, void* context) noexcept = 0;
    /// Fires `handler` after `delay` (<= 0: next turn), then every `every`, `repeat` more times
    /// (-1: for ever). Many timers may share a key; none overwrites another. Outlives a swap.
    /// Returns the unique sub-key, or 0 at the limit of timers.
    virtual std::uint64_t timer(Str key, Str handler, Bytes payload, TimeNs delay, TimeNs every,
                                std::int32_t repeat) noexcept = 0;
    /// The same with a function: private to this generation, cancelled when it leaves.
    virtual std::uint64_t timer_private(Str key, TimerFunction run, void* context, TimeNs delay,
                                        TimeNs every, std::int32_t repeat) noexcept = 0;
    /// Cancels all timers of a key, returns how many.
    virtual std::uint32_t cancel_key(Str key) noexcept = 0;
    virtual Status cancel_timer(std::uint64_t timer) noexcept = 0;

    /// Enters a suspended coroutine into the ledger. Returns its id, or 0 at the limit of tasks.
    virtual std::uint64_t task_begin(const TaskDesc* desc) noexcept = 0;
    /// The frame is gone; called by the coroutine's own end.
    virtual void task_end(std::uint64_t task) noexcept = 0;
    /// Resume the task after `delay` (<= 0: next turn).
    virtual Status task_after(std::uint64_t task, TimeNs delay) noexcept = 0;
    /// Run `work(context)` on the host's pool, without the instance, then resume the task here.
    virtual Status task_offload(std::uint64_t task, void (*work)(void* context) noexcept,
                                void* context) noexcept = 0;

protected:
    ~Schedule() = default;
};

}  // namespace gantry
