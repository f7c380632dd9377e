// ThrowTrace: where a plugin threw what it has just caught. The stack is gone by then, so the
// throw itself notes it: this program stands before the C++ runtime's __cxa_throw.
#pragma once
#include <vector>

namespace gantry::platform {

/// The frames of the newest `throw` of plugin code on this thread since forget_thrown(), innermost
/// first. Empty where nothing was thrown, or on another thread, or a sanitizer watches: it stands
/// there itself. [any thread]
std::vector<void*> thrown_frames();

/// A call into a plugin begins: what was thrown before is not its own. [any thread]
void forget_thrown() noexcept;

/// Of the code that notes it, which is on the stack of every uncaught exception, and nobody's.
/// [any thread, signal handlers]
bool notes_throws(const void* code) noexcept;

}  // namespace gantry::platform
