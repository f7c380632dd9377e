// cmake_run: one run of CMake, for `gantry dev`.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "host/core/result.h"

namespace gantry::app {

struct CMakeRun {
    bool passed = false;
    std::string output;  ///< of it and the compiler; its beginning when there is too much
};

/// Blocks until it has ended, or until `stopped` says so: then it is asked to end, so that no half
/// object file stays behind, and the status is `cancelled`.
Result<CMakeRun> run_cmake(const std::vector<std::string>& arguments,
                           const std::function<bool()>& stopped);

}  // namespace gantry::app
