#include "host/platform/end_trap.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/core/sanitized.h"
#include "host/platform/fault.h"

namespace {

constinit bool trapped = false;

}  // namespace

void gantry::platform::trap_ends() noexcept { trapped = true; }

#if !GANTRY_SANITIZED

namespace {

// Comes back where it was no plugin, or one that shall end the process.
void leave(void* caller) {
    if (trapped) gantry::platform::leave_call(gantry::platform::FaultKind::ended, caller);
}

[[noreturn]] void end_now(int code) {
    while (true) ::syscall(SYS_exit_group, code);
}

[[noreturn]] void end_by_next(const char* name, int code) {
    if (auto* const next = reinterpret_cast<void (*)(int)>(::dlsym(RTLD_NEXT, name))) next(code);
    end_now(code);
}

}  // namespace

// ISO C 7.22.4 and POSIX _exit(). Every library that has no own looks here first.
#define GANTRY_TRAP [[noreturn, gnu::used, gnu::noinline, gnu::visibility("default")]] void
GANTRY_TRAP trap_exit(int code) __asm__("exit");
GANTRY_TRAP trap_quick_exit(int code) __asm__("quick_exit");
GANTRY_TRAP trap_posix_exit(int code) __asm__("_exit");
GANTRY_TRAP trap_c_exit(int code) __asm__("_Exit");
#undef GANTRY_TRAP

void trap_exit(int code) {
    leave(__builtin_return_address(0));
    end_by_next("exit", code);
}
void trap_quick_exit(int code) {
    leave(__builtin_return_address(0));
    end_by_next("quick_exit", code);
}
void trap_posix_exit(int code) {
    leave(__builtin_return_address(0));
    end_now(code);
}
void trap_c_exit(int code) {
    leave(__builtin_return_address(0));
    end_now(code);
}

#endif
