#include "host/platform/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/core/sanitized.h"

extern char** environ;

namespace gantry::platform {
namespace {

constexpr int report_number = 3;

struct Pipe {
    Descriptor in;
    Descriptor out;
};

/// Its ends lie above the numbers that the child gives to its own. Only the parent's end never
/// blocks: programs that write much take a refused write for a failure.
Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return Error{Status::limit, std::string{"cannot make a pipe: "} + std::strerror(errno)};
    }
    const Descriptor low[] = {Descriptor{ends[0]}, Descriptor{ends[1]}};
    Pipe pipe;
    pipe.in = Descriptor{::fcntl(ends[0], F_DUPFD_CLOEXEC, report_number + 1)};
    pipe.out = Descriptor{::fcntl(ends[1], F_DUPFD_CLOEXEC, report_number + 1)};
    if (!pipe.in || !pipe.out || ::fcntl(pipe.in.number(), F_SETFL, O_NONBLOCK) != 0) {
        return Error{Status::limit, std::string{"cannot make a pipe: "} + std::strerror(errno)};
    }
    return pipe;
}

/// What posix_spawn is told, freed on the way out.
class SpawnPlan {
public:
    SpawnPlan() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    void describe(const Pipe& reports, const Pipe& errors) {
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, errors.out.number(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, errors.out.number(), STDERR_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, reports.out.number(), report_number);
        ::posix_spawn_file_actions_addclosefrom_np(&actions, report_number + 1);

        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(
    const std::filesystem::path& program, const std::vector<std::string>& arguments) {
    auto reports = make_pipe();
    if (!reports) return reports.error();
    auto errors = make_pipe();
    if (!errors) return errors.error();
    SpawnPlan plan;
    plan.describe(*reports, *errors);

    std::string name = program.string();
    std::vector<std::string> texts = arguments;
    std::vector<char*> words{name.data()};
    for (std::string& text : texts) words.push_back(text.data());
    words.push_back(nullptr);
    pid_t id = 0;
    const int failure =
        ::posix_spawnp(&id, name.c_str(), &plan.actions, &plan.attributes, words.data(), environ);
    if (failure != 0) {
        return Error{Status::unavailable, "cannot start " + name + ": " + std::strerror(failure)};
    }
    std::unique_ptr<ChildProcess> child{new ChildProcess};
    child->id_ = id;
    child->streams_[0].from = std::move(reports->in);
    child->streams_[1].from = std::move(errors->in);
    return child;
}

ChildProcess::~ChildProcess() {
    if (end_) return;
    kill();
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

// Both are safe against a number used anew: it is not free before waitpid() has told of the end.
void ChildProcess::ask_to_end() noexcept {
    if (!end_) ::kill(-id_, SIGTERM);
}

void ChildProcess::kill() noexcept {
    if (end_) return;
    ::kill(-id_, SIGKILL);
    ::kill(id_, SIGKILL);
}

void ChildProcess::read(Stream& stream) {
    constexpr int reads_max = 64;  // one that writes without end must not keep its parent reading
    char buffer[4096];
    for (int i = 0; i < reads_max && stream.from; ++i) {
        const ssize_t count = ::read(stream.from.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return (void)stream.from.close();
        stream.bytes += static_cast<std::uint64_t>(count);
        const std::size_t room = output_bytes_max - stream.text.size();
        stream.text.append(buffer, std::min(static_cast<std::size_t>(count), room));
    }
}

std::optional<ChildProcess::End> ChildProcess::poll() {
    if (!end_) {
        siginfo_t info{};
        const auto id = static_cast<id_t>(id_);
        const bool known = ::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
        if (known && info.si_pid == id_) {
            kill();  // what it had started, while the number is still its own
            (void)::waitid(P_PID, id, &info, WEXITED);
            end_ = info.si_code == CLD_EXITED ? End{0, info.si_status} : End{info.si_status, 0};
        }
    }
    for (Stream& stream : streams_) read(stream);
    return end_;
}

void ChildProcess::wait(TimeNs duration_max) {
    std::array<pollfd, 2> wanted{};
    nfds_t count = 0;
    for (const Stream& stream : streams_) {
        if (stream.from) wanted[count++] = {stream.from.number(), POLLIN, 0};
    }
    // Its pipes close a moment before it can be waited for.
    const TimeNs limit = count != 0 ? duration_max : std::min(duration_max, ns_per_ms);
    const timespec time{limit / ns_per_s, limit % ns_per_s};
    (void)::ppoll(wanted.data(), count, &time, nullptr);
}

void become_throw_away(std::uint32_t limit_ms) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(limit_ms / 1000 + 2);  // the parent may have died just before that
    const Descriptor choice{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    if (choice) (void)!::write(choice.number(), "1000", 4);
    ::prctl(PR_SET_DUMPABLE, 0);
    if (core::sanitized) return;  // its shadow memory is larger than any limit
    const rlim_t bytes = throw_away_mib_max() << 20;
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
}

std::uint64_t throw_away_mib_max() noexcept {
    constexpr std::uint64_t most = 4096;
    const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return std::min(most, (pages * page_bytes >> 20) / 2);
}

void report(std::string_view line) noexcept {
    std::string text{line};
    text += '\n';
    (void)!::write(report_number, text.data(), text.size());
}

std::string signal_name(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(signal);
}

std::filesystem::path own_program() { return "/proc/self/exe"; }

}  // namespace gantry::platform
