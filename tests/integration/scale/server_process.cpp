// The test's side of the host: starts it, asks it, and reads of it in /proc.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "tests/integration/scale/server.h"

namespace gantry::test {

ServerProcess::ServerProcess(const ServerConfig& config) {
    int in[2], out[2];
    REQUIRE(pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(pipe2(out, O_CLOEXEC) == 0);
    std::string words[] = {"/proc/self/exe",
                           "--serve",
                           config.transport,
                           config.balance,
                           std::to_string(config.shards),
                           std::to_string(config.connections_max),
                           std::to_string(config.idle_ms)};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_ = in[1];
    from_ = out[0];
    std::string line = read_line();
    while (!line.empty() && !line.starts_with("port ")) line = read_line();
    REQUIRE_MESSAGE(line.starts_with("port "), "the host did not start");
    port_ = static_cast<std::uint16_t>(std::stoul(line.substr(5)));
}

ServerProcess::~ServerProcess() {
    close(to_);
    int status = 0;
    waitpid(pid_, &status, 0);
    close(from_);
    CHECK_MESSAGE(status == 0, "the host must end in order");
}

std::string ServerProcess::read_line() {
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
        char bytes[4096];
        const ssize_t got = ::read(from_, bytes, sizeof bytes);
        if (got <= 0) return {};
        unread_.append(bytes, static_cast<std::size_t>(got));
    }
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
}

std::map<std::string, std::uint64_t> ServerProcess::ask(const std::string& what) {
    const std::string line = what + "\n";
    REQUIRE(::write(to_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    std::istringstream words{read_line()};
    std::map<std::string, std::uint64_t> values;
    std::string name;
    std::uint64_t value = 0;
    while (words >> name >> value) values[name] = value;
    REQUIRE_MESSAGE(!values.empty(), "the host has died");
    return values;
}

bool ServerProcess::wait_for(const std::string& name, std::uint64_t value) {
    for (int turn = 0; turn < 2000; ++turn) {
        if (stats()[name] == value) return true;
        leave_alone(5);
    }
    return false;
}

std::uint64_t ServerProcess::shard_cpu_ms() const {
    std::uint64_t ticks = 0;
    const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator{tasks}) {
        std::ifstream file{task.path() / "stat"};
        std::string stat;
        std::getline(file, stat);
        if (stat.find("(shard-") == std::string::npos) continue;
        std::istringstream words{stat.substr(stat.rfind(')') + 1)};
        std::string word;
        for (int i = 3; i < 14; ++i) words >> word;  // utime is number 14, stime 15
        std::uint64_t user = 0, system = 0;
        words >> user >> system;
        ticks += user + system;
    }
    return ticks * 1000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
}

void ServerProcess::settle() const {
    std::uint64_t before = 0;
    for (std::uint64_t now = sleeps(); now != before; now = sleeps()) {
        before = now;
        leave_alone(100);
    }
}

void ServerProcess::leave_alone(int ms) const {
    pollfd nothing{from_, POLLIN, 0};
    ::poll(&nothing, 1, ms);
}

std::uint64_t ServerProcess::resident_bytes() const {
    std::ifstream file{"/proc/" + std::to_string(pid_) + "/statm"};
    std::uint64_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t ServerProcess::sleeps() const {
    std::uint64_t sum = 0;
    const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator{tasks}) {
        std::ifstream status{task.path() / "status"};
        bool counts = false;
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("Name:")) {
                counts = line.find("shard-") != std::string::npos ||
                         line.find("worker-") != std::string::npos ||
                         line.find("acceptor") != std::string::npos;
            }
            if (counts && line.starts_with("voluntary_ctxt_switches:")) {
                sum += std::stoull(line.substr(line.find(':') + 1));
            }
        }
    }
    return sum;
}

}  // namespace gantry::test
