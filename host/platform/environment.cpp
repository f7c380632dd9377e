#include "host/platform/environment.h"

#include <unistd.h>

#include <cstdlib>

extern char** environ;

namespace gantry::platform {

std::vector<std::string> environment() {
    std::vector<std::string> list;
    for (char** one = environ; one != nullptr && *one != nullptr; ++one) list.emplace_back(*one);
    return list;
}

void set_environment(const std::vector<std::string>& variables) {
    ::clearenv();
    for (const std::string& one : variables) {
        const std::size_t sign = one.find('=');
        if (sign == one.npos) continue;
        ::setenv(one.substr(0, sign).c_str(), one.c_str() + sign + 1, 1);
    }
}

}  // namespace gantry::platform
