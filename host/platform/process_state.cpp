#include "host/platform/process_state.h"

#include <fmt/format.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <clocale>
#include <cstdlib>
#include <string_view>

#include "host/platform/child_process.h"
#include "host/platform/environment.h"
#include "host/platform/proc.h"

namespace gantry::platform {
namespace {

/// Without the flags of what has happened so far, which every calculation sets.
std::uint64_t arithmetic_mode() {
    std::fenv_t mode;
    std::fegetenv(&mode);
#if defined(__x86_64__)
    constexpr std::uint32_t flags = 0x3f;
    return std::uint64_t{mode.__control_word} << 32 | (mode.__mxcsr & ~flags);
#elif defined(__aarch64__)
    return mode.__fpcr;
#else
    return static_cast<std::uint64_t>(std::fegetround());
#endif
}

std::map<int, std::string> descriptors() {
    std::map<int, std::string> all;
    ProcFolder list{"/proc/self/fd"};
    while (const auto name = list.next()) {
        const int number = std::atoi(name->data());
        if (number == list.number()) continue;
        char target[PATH_MAX];
        const auto bytes = ::readlinkat(list.number(), name->data(), target, sizeof target);
        all.emplace(number,
                    std::string{target, static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))});
    }
    return all;
}

/// By their names.
std::map<std::string_view, std::string_view> variables(
    const std::vector<std::string>& environment) {
    std::map<std::string_view, std::string_view> all;
    for (const std::string_view text : environment) {
        const auto equals = std::min(text.find('='), text.size());
        all.emplace(text.substr(0, equals), text.substr(equals));
    }
    return all;
}

std::string_view changed_variable(const ProcessState& before, const ProcessState& after) {
    if (before.environment == after.environment) return {};
    const auto old = variables(before.environment);
    const auto all = variables(after.environment);
    for (const auto& [name, value] : old) {
        const auto now = all.find(name);
        if (now == all.end() || now->second != value) return name;
    }
    for (const auto& [name, value] : all) {
        if (!old.contains(name)) return name;
    }
    return {};
}

std::string descriptor_change(const ProcessState& before, const ProcessState& after) {
    for (const auto& [number, target] : before.descriptors) {
        const auto now = after.descriptors.find(number);
        if (now != after.descriptors.end() && now->second == target) continue;
        return fmt::format(
            "it {} the descriptor {} ({}), which is not its own; close only what you opened, once",
            now == after.descriptors.end() ? "closed" : "replaced", number, target);
    }
    for (const auto& [number, target] : after.descriptors) {
        if (before.descriptors.contains(number)) continue;
        return fmt::format("it left the descriptor {} ({}) open; close it in teardown()", number,
                           target);
    }
    return {};
}

std::string signal_change(const ProcessState& before, const ProcessState& after) {
    for (int number = 1; number <= ProcessState::signals; ++number) {
        const auto at = static_cast<std::size_t>(number);
        if (before.handling[at] != after.handling[at]) {
            return fmt::format(
                "it changed what {} does to the whole process; leave signals to the host",
                signal_name(number));
        }
    }
    for (int number = 1; number <= ProcessState::signals; ++number) {
        const std::uint64_t bit = std::uint64_t{1} << (number - 1);
        if ((before.blocked & bit) == (after.blocked & bit)) continue;
        return fmt::format("it {} {} on the host's thread; put the mask back that you found",
                           (after.blocked & bit) != 0 ? "blocked" : "let through",
                           signal_name(number));
    }
    return {};
}

}  // namespace

ProcessState ProcessState::now() {
    ProcessState state;
    if (const char* const name = std::setlocale(LC_ALL, nullptr)) state.locale = name;
    char folder[PATH_MAX];
    if (::getcwd(folder, sizeof folder) != nullptr) state.folder = folder;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    state.umask = mask;
    state.arithmetic = arithmetic_mode();
    state.environment = platform::environment();
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    for (int number = 1; number <= signals; ++number) {
        struct sigaction action = {};
        if (::sigaction(number, nullptr, &action) != 0) continue;
        state.handling[static_cast<std::size_t>(number)] = {
            reinterpret_cast<const void*>(action.sa_handler), action.sa_flags};
        if (::sigismember(&blocked, number) == 1) state.blocked |= std::uint64_t{1} << (number - 1);
    }
    state.descriptors = platform::descriptors();
    siginfo_t info{};
    state.has_children = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    return state;
}

std::string what_changed(const ProcessState& before, const ProcessState& after) {
    if (before.locale != after.locale) {
        return fmt::format(
            "it set the locale of the whole process to \"{}\"; name the locale in the calls that "
            "want one",
            after.locale);
    }
    if (before.folder != after.folder) {
        return fmt::format(
            "it changed the working folder of the whole process to {}; use whole paths",
            after.folder);
    }
    if (before.umask != after.umask) {
        return fmt::format(
            "it changed the umask of the whole process to {:04o}; set the mode of your own files",
            after.umask);
    }
    if (before.arithmetic != after.arithmetic) {
        return "it changed how the host's thread rounds or treats tiny numbers; put back the mode "
               "that you found, and link without -ffast-math";
    }
    if (const auto name = changed_variable(before, after); !name.empty()) {
        return fmt::format(
            "it changed the environment variable {} of the whole process; what you need is yours "
            "to keep, or the plugin's config",
            name);
    }
    if (std::string change = signal_change(before, after); !change.empty()) return change;
    if (std::string change = descriptor_change(before, after); !change.empty()) return change;
    if (!before.has_children && after.has_children) {
        return "it started a process; let a program beside the host do that work";
    }
    return {};
}

}  // namespace gantry::platform
