// ProcessEnd: how a process ended, and taking its whole group along.
#pragma once
#include <optional>
#include <string>

namespace gantry::platform {

/// By a signal, or with an exit code.
struct ProcessEnd {
    int signal = 0;
    int exit_code = 0;
};

/// Of a child of this process that leads a process group; nothing while it runs. What it had
/// started ends with it. Once told, its number is free.
std::optional<ProcessEnd> take_end(int id);

/// The child and what it started. Not after take_end() has told.
void kill_group(int id) noexcept;

/// "SIGSEGV"
std::string signal_name(int signal);

}  // namespace gantry::platform
