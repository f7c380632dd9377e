// GANTRY_ASSERT for our own bugs, on in release too; GANTRY_BUG for what a release survives.
#pragma once

namespace gantry::core {

/// Writes the message to stderr and aborts. [any thread]
[[noreturn]] void assert_failed(const char* condition, const char* file, int line) noexcept;

/// Logs and counts in release, aborts in debug. [any thread]
void bug_found(const char* condition, const char* file, int line) noexcept;

/// How many times bug_found was called in this process. [any thread]
unsigned long bug_count() noexcept;

}  // namespace gantry::core

/// A broken invariant or a wrong thread: the process ends. Never for what a peer or plugin can
/// cause.
#define GANTRY_ASSERT(condition)                       \
    (__builtin_expect(static_cast<bool>(condition), 1) \
         ? static_cast<void>(0)                        \
         : ::gantry::core::assert_failed(#condition, __FILE__, __LINE__))

/// Doubtful but survivable.
#define GANTRY_BUG(condition)                          \
    (__builtin_expect(static_cast<bool>(condition), 1) \
         ? static_cast<void>(0)                        \
         : ::gantry::core::bug_found(#condition, __FILE__, __LINE__))
