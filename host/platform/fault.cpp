#include "host/platform/fault.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "host/core/sanitized.h"
#include "host/platform/code_ranges.h"
#include "host/platform/end_trap.h"
#include "host/platform/given.h"
#include "host/platform/held_threads.h"
#include "host/platform/throw_trace.h"

namespace gantry::platform {
namespace {

// The compiler's own jump keeps the frame and the place, and lets the function that waits there
// save what else is in registers: a third of what setjmp takes.
struct Guard {
    void* at[5];
    Guard* outer;
    Fault* fault;
};

// Per thread, and only in this program, so that a handler reads them without a call.
constinit thread_local Guard* guard = nullptr;
constinit thread_local bool handling = false;
constinit thread_local const std::byte* stack_low = nullptr;
constinit thread_local bool ours = false;  // has, or had, a FaultThread

/// Of a FaultThread, for the handler on that thread.
struct RoomHold {
    FaultThread::LetGo let_go = nullptr;
    void* room = nullptr;
    std::atomic<bool> wanted{false};
    std::atomic<bool> gone{false};
    Fault at;  // once it is gone
};
constinit thread_local RoomHold* hold = nullptr;
constinit thread_local const Fault* late = nullptr;  // of the call that is to be given up

constexpr int stall_signal = SIGUSR2;
constexpr std::size_t handler_stack_bytes = 128 * 1024;
constexpr std::size_t guard_bytes = 64 * 1024;

struct Registers {
    void* pc;
    void* const* sp;
};

Registers registers_of(const void* context) {
    const auto* const machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return {reinterpret_cast<void*>(machine->gregs[REG_RIP]),
            reinterpret_cast<void* const*>(machine->gregs[REG_RSP])};
#else
    return {reinterpret_cast<void*>(machine->pc), reinterpret_cast<void* const*>(machine->sp)};
#endif
}

bool is_plugin(const void* at) {
    const CodeLabel label = code_at(at);
    return label && !label.retired;
}

// The frames from the fault on; those of the handler itself are left out.
void fill_frames(Fault& fault, const Registers& at) {
    fault.frames[0] = at.pc;
    fault.frame_count = 1;
    if (fault.address == at.pc && fault.kind == FaultKind::segmentation) {
        // A jump to nowhere has no frame: who called is what the call pushed.
        fault.frames[fault.frame_count++] = *at.sp;
        return;
    }
    void* all[Fault::frames_max + 8];
    const auto read = static_cast<std::size_t>(::backtrace(all, static_cast<int>(std::size(all))));
    const auto count = static_cast<int>(std::remove_if(all, all + read, notes_throws) - all);
    int first = 0;
    while (first < count && all[first] != at.pc) ++first;
    if (first == count) return;
    fault.frame_count = std::min(count - first, Fault::frames_max);
    std::memcpy(fault.frames, all + first,
                sizeof(void*) * static_cast<unsigned>(fault.frame_count));
}

// The exported function that an address of a system library is in; empty for its internal ones.
std::string_view exported_name(void* at) {
    Dl_info info;
    const ElfW(Sym)* symbol = nullptr;
    if (::dladdr1(at, &info, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&symbol)),
                  RTLD_DL_SYMENT) == 0 ||
        info.dli_sname == nullptr || symbol == nullptr) {
        return {};
    }
    const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(at) -
                                                 static_cast<std::byte*>(info.dli_saddr));
    return offset <= symbol->st_size ? std::string_view{info.dli_sname} : std::string_view{};
}

// Functions that plugin code calls directly and that hold no lock where they fault.
bool holds_no_lock(std::string_view name) {
    constexpr std::string_view exact[] = {
        "abort", "raise", "__assert_fail", "__stack_chk_fail", "__cxa_pure_virtual", "__cxa_throw",
        "__cxa_rethrow", "__cxa_call_unexpected", "__cxa_bad_cast",
        // Waiting, it holds nothing yet.
        "nanosleep", "clock_nanosleep", "usleep", "sleep", "poll", "select", "sched_yield", "read",
        "write", "recv", "send", "accept", "connect", "syscall", "pthread_mutex_lock",
        "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait", "sem_wait"};
    if (std::find(std::begin(exact), std::end(exact), name) != std::end(exact)) return true;
    for (const std::string_view begin :
         {"mem", "str", "wmem", "wcs", "__mem", "__str", "_ZSt2", "_ZSt1", "_ZSt3"}) {
        if (name.starts_with(begin)) return true;
    }
    return false;
}

// The innermost frame of a plugin; -1 when there is none, or code of the host is under way above.
int plugin_frame(const Fault& fault) {
    const CodeRange host = program_range();
    for (int i = 0; i < fault.frame_count; ++i) {
        if (is_plugin(fault.frames[i])) return i;
        if (host.contains(fault.frames[i])) return -1;
    }
    return -1;
}

bool may_leave(const Fault& fault) {
    if (looks_at_given(fault.frames[0])) return true;
    const int plugin = plugin_frame(fault);
    if (plugin <= 0) return plugin == 0;
    // Where a call comes back to may lie behind its function, when that never expected it to.
    auto* last = static_cast<std::byte*>(fault.frames[plugin - 1]);
    if (plugin > 1) --last;
    const std::string_view name = exported_name(last);
    if (!name.empty()) return holds_no_lock(name);
    // An unnamed function called directly is the chosen variant of memcpy or the like, or nowhere.
    // One that is stuck may as well wait under a lock; a loop of such calls is met outside of them.
    return plugin == 1 && fault.kind != FaultKind::stalled;
}

// A plugin started this thread, so that there is no call of the host to leave. It may be in code
// that has gone from under it.
bool may_hold(const Fault& fault) {
    return !ours && (may_leave(fault) || code_at(fault.frames[0]).retired);
}

void say(const char* text) { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

void say_hex(std::uintptr_t value) {
    char text[19] = "0x";
    for (int i = 0; i < 16; ++i) text[2 + i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
    say(text);
}

// Without malloc, locks or the log: only what a handler may do.
void tell(const Fault& fault) {
    say("gantry: fatal ");
    say(fault_kind_name(fault.kind));
    say(" at ");
    say_hex(reinterpret_cast<std::uintptr_t>(fault.address));
    for (int i = 0; i < fault.frame_count; ++i) {
        if (const CodeLabel label = code_at(fault.frames[i])) {
            say("; to blame: ");
            say(label.text);
            if (label.retired) say(" (which had been unloaded)");
            break;
        }
    }
    say("\n");
    for (int i = 0; i < fault.frame_count; ++i) {
        const CodeLabel label = code_at(fault.frames[i]);
        say("  ");
        say_hex(reinterpret_cast<std::uintptr_t>(fault.frames[i]));
        say(" ");
        Dl_info info{};
        const bool known = ::dladdr(fault.frames[i], &info) != 0;
        say(label ? label.text : known && info.dli_fname != nullptr ? info.dli_fname : "?");
        if (known && info.dli_sname != nullptr) {
            say(" ");
            say(info.dli_sname);
        }
        say("\n");
    }
}

FaultKind kind_of(int signal, const void* address) {
    switch (signal) {
        case SIGBUS:
            return FaultKind::bus;
        case SIGILL:
            return FaultKind::illegal_instruction;
        case SIGFPE:
            return FaultKind::arithmetic;
        case SIGABRT:
            return FaultKind::aborted;
        default:
            break;
    }
    const auto* const at = static_cast<const std::byte*>(address);
    const bool near_end =
        stack_low != nullptr && at >= stack_low - guard_bytes && at < stack_low + guard_bytes;
    return near_end ? FaultKind::stack_overflow : FaultKind::segmentation;
}

void on_fault(int signal, siginfo_t* info, void* context) {
    Fault local;
    Fault& fault = guard != nullptr ? *guard->fault : local;
    if (!handling) {
        handling = true;
        fault.address = signal == SIGABRT ? nullptr : info->si_addr;
        fault.kind = kind_of(signal, fault.address);
        fill_frames(fault, registers_of(context));
        const bool leave = guard != nullptr && may_leave(fault);
        if (!leave) {
            if (may_hold(fault)) hold_thread(fault);
            tell(fault);
        }
        handling = false;
        if (leave) __builtin_longjmp(guard->at, 1);
    }
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

// On the thread itself, so that it is nowhere else meanwhile: what it drives is whole, for none of
// the host's code is under way above the plugin's.
void let_go(const Fault& fault) {
    if (hold == nullptr || !hold->wanted.load(std::memory_order_relaxed)) return;
    if (hold->gone.load(std::memory_order_relaxed) || hold->let_go == nullptr) return;
    if (plugin_frame(fault) < 0 || !hold->let_go(hold->room)) return;
    hold->at = fault;
    hold->at.late = true;
    late = &hold->at;
    hold->gone.store(true, std::memory_order_release);
}

void on_stall(int, siginfo_t*, void* context) {
    if (guard == nullptr || handling) return;
    handling = true;
    const int error_before = errno;
    Fault fault;
    fault.kind = FaultKind::stalled;
    fill_frames(fault, registers_of(context));
    const bool leave = may_leave(fault);
    if (leave) *guard->fault = fault;
    if (!leave) let_go(fault);
    errno = error_before;
    handling = false;
    if (leave) __builtin_longjmp(guard->at, 1);
}

}  // namespace

const char* fault_kind_name(FaultKind kind) noexcept {
    constexpr const char* names[] = {
        "segmentation fault", "bus error",    "illegal instruction",
        "arithmetic fault",   "abort",        "stack overflow",
        "stalled call",       "wrong thread", "attempt to end the process"};
    return names[static_cast<std::size_t>(kind)];
}

Fault fault_here(FaultKind kind) noexcept {
    Fault fault;
    fault.kind = kind;
    fault.frame_count = ::backtrace(fault.frames, Fault::frames_max);
    return fault;
}

void leave_call(FaultKind kind, void* caller) noexcept {
    if (!is_plugin(caller)) return;
    Fault local;
    Fault& fault = guard != nullptr ? *guard->fault : local;
    fault.kind = kind;
    fault.address = nullptr;
    fill_frames(fault, {caller, nullptr});
    if (guard != nullptr) __builtin_longjmp(guard->at, 1);
    if (may_hold(fault)) hold_thread(fault);
    tell(fault);
}

void die_of(const Fault& fault) noexcept {
    tell(fault);
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
}

void install_fault_handlers() noexcept {
    if (core::sanitized) return;
    trap_ends();
    (void)program_range();
    void* warm[4];
    (void)::backtrace(warm, 4);  // loads the unwinder now: a handler must not
    struct sigaction action {};
    // No signal is blocked while a handler runs, for it may leave by a jump.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_fault;
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
        ::sigaction(signal, &action, nullptr);
    }
    action.sa_sigaction = on_stall;
    action.sa_flags |= SA_RESTART;
    ::sigaction(stall_signal, &action, nullptr);
}

[[gnu::noinline]] bool run_guarded(void (*body)(void* context), void* context, Fault& fault) {
    Guard here;
    here.outer = guard;
    here.fault = &fault;
    if (__builtin_setjmp(here.at) != 0) {
        guard = guard->outer;
        if (late != nullptr) fault.late = true;
        late = nullptr;
        return false;
    }
    guard = &here;
    body(context);
    guard = here.outer;
    if (late != nullptr) [[unlikely]] {
        fault = *std::exchange(late, nullptr);
        return false;
    }
    return true;
}

struct FaultThread::State {
    pthread_t thread;
    void* handler_stack = nullptr;
    RoomHold room;
};

FaultThread::FaultThread() : state_{std::make_unique<State>()} {
    state_->thread = ::pthread_self();
    hold = &state_->room;
    ours = true;
    pthread_attr_t attributes;
    if (::pthread_getattr_np(state_->thread, &attributes) == 0) {
        void* low = nullptr;
        std::size_t bytes = 0;
        ::pthread_attr_getstack(&attributes, &low, &bytes);
        stack_low = static_cast<const std::byte*>(low);
        ::pthread_attr_destroy(&attributes);
    }
    if (core::sanitized) return;
    void* const stack = ::mmap(nullptr, handler_stack_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return;
    state_->handler_stack = stack;
    stack_t alternate{};
    alternate.ss_sp = stack;
    alternate.ss_size = handler_stack_bytes;
    ::sigaltstack(&alternate, nullptr);
}

FaultThread::~FaultThread() {
    hold = nullptr;
    late = nullptr;
    if (state_->handler_stack == nullptr) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(state_->handler_stack, handler_stack_bytes);
}

void FaultThread::drives(LetGo let_go, void* room) noexcept {
    state_->room.let_go = let_go;
    state_->room.room = room;
}

void FaultThread::interrupt() noexcept {
    state_->room.wanted.store(false, std::memory_order_relaxed);
    if (!core::sanitized) ::pthread_kill(state_->thread, stall_signal);
}

void FaultThread::interrupt_for_good() noexcept {
    state_->room.wanted.store(true, std::memory_order_relaxed);
    if (!core::sanitized) ::pthread_kill(state_->thread, stall_signal);
}

const Fault* FaultThread::let_go_at() const noexcept {
    return state_->room.gone.load(std::memory_order_acquire) ? &state_->room.at : nullptr;
}

}  // namespace gantry::platform
