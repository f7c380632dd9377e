// Who started which process.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gantry::test {

/// Those that any thread of the process has started, and nobody has waited for yet.
inline std::vector<pid_t> children_of(pid_t process) {
    std::vector<pid_t> list;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator{tasks, gone}) {
        std::ifstream file{task.path() / "children"};
        for (pid_t child = 0; file >> child;) list.push_back(child);
    }
    return list;
}

/// Of a host in this process: they are children of the one that forks them.
inline std::vector<pid_t> canaries_of(pid_t host) {
    std::vector<pid_t> list;
    for (const pid_t server : children_of(host)) {
        for (const pid_t canary : children_of(server)) list.push_back(canary);
    }
    return list;
}

}  // namespace gantry::test
