#include "host/app/cmake_run.h"

#include "host/platform/child_process.h"

namespace gantry::app {
namespace {

constexpr TimeNs look_every = 50 * ns_per_ms;
constexpr int farewell_looks = 60;

}  // namespace

Result<CMakeRun> run_cmake(const std::vector<std::string>& arguments,
                           const std::function<bool()>& stopped) {
    using platform::ChildProcess;
    const auto child = ChildProcess::start("cmake", arguments);
    if (!child) {
        return Error{Status::unavailable,
                     child.error().message + "; is CMake installed and in PATH?"};
    }
    auto end = (*child)->poll();
    for (; !end && !stopped(); end = (*child)->poll()) (*child)->wait(look_every);
    if (!end) {
        (*child)->ask_to_end();
        for (int i = 0; i < farewell_looks && !(*child)->poll(); ++i) (*child)->wait(look_every);
        return Error{Status::cancelled, "stopped"};
    }
    CMakeRun run;
    run.passed = end->signal == 0 && end->exit_code == 0;
    run.output = (*child)->output();
    if (!run.output.empty() && run.output.back() != '\n') run.output += '\n';
    if (run.output.size() >= platform::PipeReader::text_bytes_max) run.output += "(there is more)\n";
    if (end->signal != 0) {
        run.output += "cmake ended by " + platform::signal_name(end->signal) + '\n';
    }
    return run;
}

}  // namespace gantry::app
