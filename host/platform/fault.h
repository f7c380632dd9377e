// Faults of foreign code: a call that segfaults, aborts, overflows its stack or never ends is left.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

namespace gantry::platform {

enum class FaultKind : std::uint8_t {
    segmentation,
    bus,
    illegal_instruction,
    arithmetic,
    aborted,
    stack_overflow,
    stalled,       ///< it did not return, and was interrupted
    wrong_thread,  ///< it called from a thread that is not its room's
    ended,         ///< it called what ends the process
};
const char* fault_kind_name(FaultKind kind) noexcept;

/// What a call was left by. `frames[0]` is where it happened, the others who called.
struct Fault {
    static constexpr int frames_max = 32;
    FaultKind kind = FaultKind::segmentation;
    bool late = false;  ///< the call came back after its thread had let go: that was told before
    const void* address = nullptr;  ///< that was touched, where that is known
    int frame_count = 0;
    void* frames[frames_max];
};

/// A fault that the host itself has found, with the frames of whoever calls this.
Fault fault_here(FaultKind kind) noexcept;

/// Leaves the guarded call that this is in, or holds a thread of a plugin's own, when `caller` is
/// code of a plugin. Comes back otherwise; and where the plugin's faults shall end the process,
/// after telling of it on stderr.
void leave_call(FaultKind kind, void* caller) noexcept;

/// Tells on stderr of a fault that shall end the process, and ends it.
[[noreturn]] void die_of(const Fault& fault) noexcept;

/// From here on a fault outside a guarded call, or where it may not be left, is told on stderr with
/// the name of the plugin that is to blame, and ends the process as before; but a thread that is
/// none of the host's is held (held_threads.h), where it could have been left. Once, by main,
/// before other threads; each of the host's has a FaultThread. Where sanitizers watch, they keep
/// the signals, and nothing is left.
void install_fault_handlers() noexcept;

/// Runs `body(context)`; false when it was left by a fault. Destructors on the way are skipped. A
/// fault is left only if it happened in a plugin's code (code_ranges.h), in a function of the C
/// library that such code called directly and that holds no lock, or where the host looks at what
/// such code gave to it (given.h); one elsewhere in the host, in the allocator (a smashed heap) or
/// under a lock ends the process. Calls may nest; the innermost is left. Costs some nanoseconds. A
/// call that comes back on a thread that has let go of its room (see FaultThread) counts as left,
/// too. [a thread with a FaultThread]
bool run_guarded(void (*body)(void* context), void* context, Fault& fault) noexcept(false);

/// What a thread needs to run guarded calls: a stack for the handlers. Made on the thread itself.
class FaultThread {
public:
    FaultThread();
    ~FaultThread();
    FaultThread(const FaultThread&) = delete;
    FaultThread& operator=(const FaultThread&) = delete;

    /// Gives up what the thread drives, within a handler of signals; false: not now.
    using LetGo = bool (*)(void* room) noexcept;
    /// Who is asked for that. Once, on the thread itself.
    void drives(LetGo let_go, void* room) noexcept;

    /// Asks the thread to leave the guarded call it is in, as `stalled`. It may be at a place that
    /// cannot be left; ask again. [any thread, while this lives]
    void interrupt() noexcept;
    /// The same; and where it cannot leave, but no code of the host is under way above the
    /// plugin's, it lets go of what it drives. [any thread, while this lives]
    void interrupt_for_good() noexcept;
    /// Where it was when it let go; null: it has not. What it did before that is seen by who calls.
    /// [any thread, while this lives]
    const Fault* let_go_at() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gantry::platform
