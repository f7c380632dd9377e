#include "host/platform/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

extern char** environ;

namespace gantry::platform {
namespace {

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

    void describe(const Descriptor& output, const Descriptor& given) {
        int next = ChildProcess::given_number;
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, output.number(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, output.number(), STDERR_FILENO);
        if (given) ::posix_spawn_file_actions_adddup2(&actions, given.number(), next++);
        ::posix_spawn_file_actions_addclosefrom_np(&actions, next);

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

/// Of this process's environment what has none of their names.
std::vector<char*> inherited_without(const std::vector<std::string>& variables) {
    std::vector<char*> list;
    for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
        const auto same_name = [text = std::string_view{*one}](std::string_view other) {
            return text.starts_with(other.substr(0, other.find('=') + 1));
        };
        if (std::none_of(variables.begin(), variables.end(), same_name)) list.push_back(*one);
    }
    return list;
}

/// Whose program it is, for those who list processes.
std::string shown_name(const std::filesystem::path& program) {
    std::error_code error;
    const auto file =
        program == own_program() ? std::filesystem::read_symlink(program, error) : program;
    return (error ? program : file).string();
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::filesystem::path& program,
                                                          const std::vector<std::string>& arguments,
                                                          Descriptor given,
                                                          std::vector<std::string> variables) {
    auto output = make_pipe();
    if (!output) return output.error();
    SpawnPlan plan;
    plan.describe(output->out, given);

    const std::string name = program.string();
    std::string shown = shown_name(program);
    std::vector<std::string> texts = arguments;
    std::vector<char*> words{shown.data()};
    for (std::string& text : texts) words.push_back(text.data());
    words.push_back(nullptr);
    std::vector<char*> all = inherited_without(variables);
    for (std::string& one : variables) all.push_back(one.data());
    all.push_back(nullptr);
    pid_t id = 0;
    const int failure = ::posix_spawnp(&id, name.c_str(), &plan.actions, &plan.attributes,
                                       words.data(), all.data());
    if (failure != 0) {
        return Error{Status::unavailable, "cannot start " + name + ": " + std::strerror(failure)};
    }
    return std::unique_ptr<ChildProcess>{new ChildProcess{id, std::move(output->in)}};
}

ChildProcess::~ChildProcess() {
    if (end_) return;
    kill_group(id_);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void ChildProcess::ask_to_end() noexcept {
    if (!end_) ::kill(-id_, SIGTERM);
}

std::optional<ProcessEnd> ChildProcess::poll() {
    if (!end_) end_ = take_end(id_);
    output_.read();
    return end_;
}

void ChildProcess::wait(TimeNs duration_max) {
    pollfd wanted{output_.number(), POLLIN, 0};
    // Its pipe closes a moment before it can be waited for.
    const bool open = wanted.fd >= 0;
    const TimeNs limit = open ? duration_max : std::min(duration_max, ns_per_ms);
    const timespec time{limit / ns_per_s, limit % ns_per_s};
    (void)::ppoll(&wanted, open ? 1 : 0, &time, nullptr);
}

std::filesystem::path own_program() { return "/proc/self/exe"; }

}  // namespace gantry::platform
