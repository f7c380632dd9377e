#include "host/platform/process_end.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstring>

namespace gantry::platform {

std::optional<ProcessEnd> take_end(int id) {
    siginfo_t info{};
    const auto number = static_cast<id_t>(id);
    if (::waitid(P_PID, number, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != id) {
        return std::nullopt;
    }
    kill_group(id);  // while the number is still its own
    (void)::waitid(P_PID, number, &info, WEXITED);
    return info.si_code == CLD_EXITED ? ProcessEnd{0, info.si_status}
                                      : ProcessEnd{info.si_status, 0};
}

void kill_group(int id) noexcept {
    ::kill(-id, SIGKILL);
    ::kill(id, SIGKILL);
}

std::string signal_name(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(signal);
}

}  // namespace gantry::platform
