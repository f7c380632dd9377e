// What a plugin can do to the whole process that it runs in. One function; the fault's name
// chooses.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace zoo {

using Sigaction = int (*)(int, const struct sigaction*, struct sigaction*);

/// `find_sigaction` finds what the gate does not let a plugin import.
inline void spoil_process(std::string_view fault, Sigaction (*find_sigaction)()) {
    if (fault == "locale") std::setlocale(LC_ALL, "C.UTF-8");
    if (fault == "folder") (void)!::chdir("/");
    if (fault == "umask") ::umask(0);
    if (fault == "rounding") std::fesetround(FE_UPWARD);
#if defined(__SSE__)
    if (fault == "tiny numbers") _mm_setcsr(_mm_getcsr() | 0x8040);  // flush them to zero
#endif
    if (fault == "environment") ::setenv("TZ", "Mars/Olympus", 1);
    if (fault == "no environment") ::unsetenv("PATH");
    if (fault == "signal") {
        struct sigaction action = {};
        action.sa_handler = SIG_IGN;
        find_sigaction()(SIGTERM, &action, nullptr);
    }
    if (fault == "signal mask") {
        sigset_t mask;
        ::sigemptyset(&mask);
        ::sigaddset(&mask, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    }
    if (fault == "closed descriptor") ::close(0);
    if (fault == "replaced descriptor") ::dup2(2, 0);
    if (fault == "open descriptor") (void)!::open("/dev/null", O_RDONLY);
    if (fault == "all descriptors") {
        for (int number = 0; number < 256; ++number) ::close(number);
    }
    if (fault == "fork" && ::fork() == 0) ::pause();
    if (fault == "fork that goes on") (void)!::fork();
    if (fault == "parent") {
        ::kill(::getppid(), SIGKILL);
        ::pause();
    }
    if (fault == "output") {
        char text[4096];
        std::memset(text, 'x', sizeof text);
        for (std::size_t bytes = 0; bytes < 1'000'000'000; bytes += sizeof text) {
            (void)!::write(1, text, sizeof text);
        }
    }
    if (fault == "memory") {
        static char* volatile block = nullptr;
        block = new char[std::size_t{10} << 30];  // never touched
        if (block == nullptr) std::abort();       // it is looked at, so it is not left out
    }
    if (fault == "sleep") ::poll(nullptr, 0, 10'000);
}

}  // namespace zoo
