#include "tests/bench/echo_tcp/server.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace gantry::bench {

namespace {

[[noreturn]] void fail(const std::string& what) {
    std::perror(what.c_str());
    std::exit(1);
}

std::uint64_t read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

void pin_to_cpu(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);  // where it is not allowed, numbers are only noisier
}

ThreadServer::ThreadServer(Serve serve) {
    thread_ = std::thread{[this, serve = std::move(serve)] {
        pin_to_cpu(0);
        serve(
            [this](std::uint16_t port) {
                port_ = port;
                port_.notify_all();
            },
            stop_);
    }};
    port_.wait(0);
}

ThreadServer::~ThreadServer() {
    stop_ = true;
    thread_.join();
}

std::uint64_t ThreadServer::cpu_ns() const {
    clockid_t clock;
    auto& thread = const_cast<std::thread&>(thread_);
    pthread_getcpuclockid(thread.native_handle(), &clock);
    return read_clock(clock);
}

ProcessServer::ProcessServer(std::vector<std::string> command) {
    int ends[2];
    if (pipe(ends) != 0) fail("pipe");
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
        pin_to_cpu(0);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
    std::string line;
    char c = 0;
    while (read(output_, &c, 1) == 1 && c != '\n') line += c;
    const std::string_view key = "\"port\":";
    const std::size_t found = line.find(key);
    const std::size_t begin = found == std::string::npos ? line.size() : found + key.size();
    port_ = static_cast<std::uint16_t>(std::atoi(line.c_str() + begin));
    if (port_ == 0) fail("no port from " + command.front() + " in \"" + line + "\"");
}

ProcessServer::~ProcessServer() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    close(output_);
}

std::uint64_t ProcessServer::cpu_ns() const {
    clockid_t clock;
    if (clock_getcpuclockid(pid_, &clock) != 0) return 0;
    return read_clock(clock);
}

}  // namespace gantry::bench
