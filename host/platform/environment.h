// The environment of this process, as a value.
#pragma once
#include <string>
#include <vector>

namespace gantry::platform {

/// "NAME=value", each. Not while another thread changes it.
std::vector<std::string> environment();

/// These, and no others, from now on. In a process with one thread.
void set_environment(const std::vector<std::string>& variables);

}  // namespace gantry::platform
