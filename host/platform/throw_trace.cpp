#include "host/platform/throw_trace.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <cstddef>
#include <iterator>

#include "host/core/log.h"
#include "host/core/sanitized.h"
#include "host/platform/fault.h"

namespace gantry::platform {
namespace {

struct Thrown {
    int count = 0;
    void* frames[Fault::frames_max] = {};
};
constinit thread_local Thrown thrown;

}  // namespace

std::vector<void*> thrown_frames() {
    return std::vector<void*>(thrown.frames, thrown.frames + thrown.count);
}

void forget_thrown() noexcept { thrown.count = 0; }

}  // namespace gantry::platform

#if GANTRY_SANITIZED

bool gantry::platform::notes_throws(const void*) noexcept { return false; }

#else

// The linker names the ends of a section whose name could be a variable's.
extern "C" const std::byte __start_gantry_throw[], __stop_gantry_throw[];

bool gantry::platform::notes_throws(const void* code) noexcept {
    return code >= __start_gantry_throw && code < __stop_gantry_throw;
}

namespace {

// From the frame below the one that stands in a section of its own.
[[gnu::noinline]] void note_throw() {
    using gantry::platform::thrown;
    void* all[gantry::platform::Fault::frames_max + 4];
    const int count = ::backtrace(all, static_cast<int>(std::size(all)));
    int first = 0;
    while (first < count && !gantry::platform::notes_throws(all[first])) ++first;
    thrown.count = 0;
    for (int i = first + 1; i < count && thrown.count < gantry::platform::Fault::frames_max; ++i) {
        thrown.frames[thrown.count++] = all[i];
    }
    // Of a fault the first is the place itself; this one is where the throw would come back to.
    if (thrown.count > 0) thrown.frames[0] = static_cast<std::byte*>(thrown.frames[0]) - 1;
}

using Throw = void (*)(void* exception, void* type, void (*destroy)(void*));

}  // namespace

// Itanium C++ ABI, 2.4.3: every `throw` of every library comes here first, for the program comes
// first in the order in which names are looked up.
[[noreturn, gnu::visibility("default")]] void throw_and_note(
    void* exception, void* type, void (*destroy)(void*)) __asm__("__cxa_throw");

[[gnu::noinline, gnu::used, gnu::section("gantry_throw")]] void throw_and_note(
    void* exception, void* type, void (*destroy)(void*)) {
    static const Throw next = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
    if (gantry::log::Scope::now() != nullptr) note_throw();
    next(exception, type, destroy);
    __builtin_unreachable();
}

#endif
