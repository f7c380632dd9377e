// The program of fork_server_test: each process that is forked does what its order says.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "host/platform/forking_process.h"

namespace {

int obey(const std::string& order) {
    if (order == "speak") {
        std::puts("to the output");
        gantry::platform::report("to the reports");
        return 7;
    }
    if (order == "abort") std::abort();
    if (order == "descriptors") {
        int open = 0;
        for (int i = 0; i < 64; ++i) open += ::fcntl(i, F_GETFD) >= 0 ? 1 : 0;
        return open;
    }
    if (order == "wait with a child") {
        const pid_t child = ::fork();
        if (child == 0) ::pause();
        gantry::platform::report(std::to_string(child));
        ::pause();
    }
    if (order == "leave a child") {
        const pid_t child = ::fork();
        if (child == 0) ::pause();
        gantry::platform::report(std::to_string(child));
        return 0;
    }
    if (order == "kill the server") {
        ::kill(::getppid(), SIGKILL);
        ::pause();
    }
    if (order == "flood") {
        const std::string line(1023, 'x');
        for (int i = 0; i < 1024; ++i) gantry::platform::report(line);
        return 0;
    }
    return 1;
}

}  // namespace

int main() {
    gantry::platform::ForkingProcess self;
    while (const auto order = self.next_order()) {
        if (!self.fork()) continue;
        const int code = obey(*order);
        std::fflush(stdout);
        std::_Exit(code);
    }
    return 0;
}
