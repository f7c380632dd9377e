// The signals that ask a host to stop.
#pragma once

namespace gantry::platform {

/// Blocks SIGINT and SIGTERM in this thread and all it starts later, and ignores SIGPIPE. Called
/// once by main, before any other thread.
void take_stop_signals() noexcept;

/// Waits for SIGINT or SIGTERM, for `timeout_ms` at most; the signal's number, or 0.
int wait_stop_signal(int timeout_ms) noexcept;

}  // namespace gantry::platform
