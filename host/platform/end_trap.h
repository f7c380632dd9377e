// What ends the whole process is not for plugins to call.
#pragma once

namespace gantry::platform {

/// From here on exit(), _exit(), _Exit() and quick_exit() leave the call of whichever plugin calls
/// them, as a fault does (see run_guarded). They stand before those of the C library, so a plugin
/// that looks for those beyond this program gets by. Not where sanitizers watch. Once, by main.
void trap_ends() noexcept;

}  // namespace gantry::platform
