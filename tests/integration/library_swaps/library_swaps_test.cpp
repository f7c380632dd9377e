// Swaps of real libraries that fail in the gate, in the canary, at the opening and after it while
// players send: the old version serves on, says why, and every message counts once. So it is when
// the old library cannot leave, and the new one serves. GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "host/core/sanitized.h"
#include "host/platform/fault.h"
#include "host/testing/seed.h"
#include "tests/support/attempts.h"
#include "tests/support/played.h"
#include "tests/support/processes.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;
namespace fs = std::filesystem;

namespace {

enum class Canary { good, none, missing, hurried };
TestHostConfig config_of(Canary canary) {
    TestHostConfig config{
        .files = {RULES_1}, .config = R"({"entities":3000})", .probation_ms = 60'000};
    if (canary == Canary::missing) config.canary_program = "/no such folder/gantry";
    if (canary == Canary::good || canary == Canary::hurried) config.canary_program = GANTRY_PROGRAM;
    // Enough for a busy machine to get as far as the point that never ends.
    if (canary == Canary::hurried) config.canary_ms = core::sanitized ? 12'000 : 4'000;
    return config;
}

using Change = void (*)(ChangedLibrary& library);
void leave(ChangedLibrary&) {}
void cut_off(ChangedLibrary& library) { library.bytes.resize(library.bytes.size() / 2); }
void forget_symbol(ChangedLibrary& library) {
    library.rename("__cxa_allocate_exception", "__cxa_allocate_exceptiom");
}
/// One that the gate knows and this machine has not.
void need_library(ChangedLibrary& library) { library.rename("libc.so.6", "libz.so.9"); }
void name_other(ChangedLibrary& library) {
    library.put_in_descriptor(offsetof(PluginDesc, name), 'f');
}
void speak_later_abi(ChangedLibrary& library) {
    library.put_in_descriptor(offsetof(PluginDesc, abi_major), std::uint16_t{99});
}
void other_facets(ChangedLibrary& library) {
    library.put_in_descriptor(offsetof(PluginDesc, facets),
                              std::uint32_t{facet_bits::world | facet_bits::io});
}

/// The private copies that the host makes of candidates.
std::vector<fs::path> copies(const ZooFolder& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator{folder.path}) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("rules.2.") && name.ends_with(".so")) found.push_back(entry.path());
    }
    return found;
}
/// Once, by others than the host, while the canary runs.
using Meanwhile = bool (*)(const ZooFolder& folder);
bool change_copy(const ZooFolder& folder) {
    for (const fs::path& copy : copies(folder)) {
        ChangedLibrary other{RULES_2};
        other.set_version("6.6.6");
        other.write(copy);
        return true;
    }
    return false;
}
bool remove_copy(const ZooFolder& folder) {
    for (const fs::path& copy : copies(folder)) return fs::remove(copy);
    return false;
}
bool kill_first(const std::vector<pid_t>& processes) {
    return !processes.empty() && ::kill(processes.front(), SIGKILL) == 0;
}
bool kill_canary(const ZooFolder&) { return kill_first(canaries_of(::getpid())); }
bool kill_server(const ZooFolder&) { return kill_first(children_of(::getpid())); }

struct Point {
    const char* name;  ///< what GANTRY_FAILS_AT says to failing_rules.cpp
    SwapOutcome outcome;
    const char* reason;
    Canary canary = Canary::good;
    Change change = leave;
    Meanwhile meanwhile = nullptr;
};
constexpr SwapOutcome refused = SwapOutcome::refused, given_up = SwapOutcome::given_up;
constexpr Point points[] = {
    // In the gate.
    {"the file is cut off", refused, "incomplete", Canary::good, cut_off},
    {"it is another plugin", refused, "is the plugin fules, not rules", Canary::good, name_other},
    {"it is of another ABI", refused, "built for ABI 99", Canary::good, speak_later_abi},
    {"it has other facets", refused, "has other facets than", Canary::good, other_facets},
    {"it has other facets", refused, "has other facets than", Canary::none, other_facets},
    // Opening it.
    {"a symbol is missing", refused, "cannot be opened: ", Canary::none, forget_symbol},
    {"a symbol is missing", refused, "in the canary process ", Canary::good, forget_symbol},
    {"a library is missing", refused, "cannot be opened: ", Canary::none, need_library},
    {"a library is missing", refused, "in the canary process ", Canary::good, need_library},
    {"its copy is changed", refused, "is not what was checked", Canary::good, leave, change_copy},
    {"its copy is removed", refused, "rules.2.", Canary::good, leave, remove_copy},
    // In the canary.
    {"no canary can be started", refused, "cannot run", Canary::missing},
    {"constructor aborts", refused, "died of SIGABRT in its constructors"},
    {"setup refuses", refused, "its world facet refused to start (refused: on purpose)"},
    {"setup throws", refused, "its world facet refused to start (internal"},
    {"setup aborts", refused, "died of SIGABRT in setup() of its world facet"},
    {"setup does not end", refused, "did not come back from setup()", Canary::hurried},
    {"setup does not end", refused, "died of SIGKILL in", Canary::good, leave, kill_canary},
    {"setup does not end", refused, "is gone", Canary::good, leave, kill_server},
    {"restore throws", refused, "could not take over what rules@1.0.0#1 saves"},
    {"restore aborts", refused, "died of SIGABRT in restore_state()"},
    {"restore does not end", refused, "did not come back from restore_state()", Canary::hurried},
    {"save throws", refused, "its world facet could not save its state"},
    {"destructor aborts", refused, "died of SIGABRT in teardown() and the destructor"},
    // After it, though it has passed there.
    {"host: setup throws", refused, "refused to start in world world"},
    {"host: restore throws", given_up, "could not take over the state of rules@1.0.0#1"},
    // The canary had no state to restore, and does not mind.
    {"host: old save throws", given_up, "could not save its state"},
};

struct LibraryPlayed {
    explicit LibraryPlayed(std::uint64_t number, Canary canary = Canary::good)
        : played{number, config_of(canary)} {
        ::setenv("GANTRY_HOST_PID", std::to_string(::getpid()).c_str(), 1);
        played.play(5);
    }
    ~LibraryPlayed() { ::unsetenv("GANTRY_FAILS_AT"); }

    /// Plays on while the canary takes its own time, which no clock of the test moves.
    plugin::SwapReport swap(const fs::path& file,
                            std::function<bool(const ZooFolder& folder)> meanwhile = nullptr,
                            bool settle = false) {
        const auto ticket = played.host.host().plugins().swap(
            {.plugins = {{"rules", {}, file.string()}}, .settle = settle});
        REQUIRE_MESSAGE(ticket, ticket.error().message);
        while (played.host.report(*ticket).outcome == SwapOutcome::running) {
            played.play();
            if (played.host.host().plugins().canaries_run()) {
                if (meanwhile != nullptr && meanwhile(folder)) meanwhile = nullptr;
                played.host.host().wait_control(ns_per_ms);
            }
        }
        CHECK_FALSE(static_cast<bool>(meanwhile));
        return played.host.report(*ticket);
    }

    /// What version 2 throws, three times, is too much in its probation.
    bool fail() {
        core::Owner owner;
        owner.plugin = "rules";
        owner.label = "rules@2.0.0#2";
        owner.generation = 2;
        for (int i = 0; i < 3; ++i)
            played.host.host().plugins().failed(owner, "here", "on purpose");
        return true;
    }
    plugin::PluginStatus status() { return played.host.host().plugins().snapshot().plugins.at(0); }

    ZooFolder folder;
    Played played;
};

void attempt(const Point& point, std::uint64_t number) {
    LibraryPlayed one{number, point.canary};
    ChangedLibrary library{RULES_2};
    point.change(library);
    const fs::path file = library.write(one.folder.path / "shown.so");
    ::setenv("GANTRY_FAILS_AT", point.name, 1);
    const auto report = one.swap(file, point.meanwhile);
    ::unsetenv("GANTRY_FAILS_AT");
    CHECK(report.outcome == point.outcome);
    CHECK_MESSAGE(report.reason.find(point.reason) != std::string::npos, report.reason);
    one.played.play(5);
    one.played.check();
    one.played.host.advance_ms(200);
    CHECK(copies(one.folder).empty());
    CHECK(one.played.host.host().plugins().snapshot().generations.size() == 1);
}

}  // namespace

TEST_CASE("wherever a library fails on its way, the old one serves on and every message counts") {
    for (const Point& point : points) {
        for (std::uint64_t i = 0; i < attempts_wanted(1); ++i) {
            CAPTURE(std::string{point.name});
            CAPTURE(static_cast<int>(point.canary));
            attempt(point, seed() + i);
        }
    }
}

TEST_CASE("when the old library cannot leave, the new one serves, and the report says why") {
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    constexpr std::pair<const char*, const char*> stays[] = {
        {"host: old library holds itself", "something of it is referenced by the process"},
        {"host: old destructor aborts", "abort in"},
    };
    for (const auto& [name, reason] : stays) {
        if (core::sanitized && std::string_view{name}.ends_with("aborts")) continue;
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
            CAPTURE(std::string{name});
            LibraryPlayed one{seed() + i};
            ::setenv("GANTRY_FAILS_AT", name, 1);
            const auto report = one.swap(RULES_2);
            REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
            while (!one.played.host.report(report.ticket).settled) one.played.play();
            one.played.play(20);
            ::unsetenv("GANTRY_FAILS_AT");
            one.played.check({{"rules", "2.0.0"}});
            const auto seen = one.played.host.host().plugins().snapshot();
            REQUIRE(seen.generations.size() == 2);
            CHECK(seen.generations[1].label == "rules@1.0.0#1");
            CHECK(seen.generations[1].state == "left behind");
            CHECK(says(seen.generations[1].reason, reason));
        }
    }
}

// Asked to settle, a swap ended the probation first and looked at the candidate then: a bad one had
// cost the way back of the version that served.
TEST_CASE("a probation that a swap ends lasts until its candidate has passed gate and canary") {
    LibraryPlayed one{seed()};
    REQUIRE(one.swap(RULES_2).outcome == SwapOutcome::committed);
    ChangedLibrary half{RULES_1};
    cut_off(half);
    CHECK(one.swap(half.write(one.folder.path / "half.so"), nullptr, true).outcome == refused);
    CHECK(one.swap(RULES_1, kill_canary, true).outcome == refused);
    CHECK(one.status().state == plugin::PluginState::probation);
    SUBCASE("a good one ends it") {
        const auto report = one.swap(RULES_1, nullptr, true);
        CHECK(report.outcome == SwapOutcome::committed);
        while (!one.played.host.report(report.ticket).settled) one.played.play();
        one.played.check({{"rules", "1.0.0"}});
    }
    SUBCASE("failures end it") {
        one.fail();
        one.played.play(5);
        one.played.check({{"rules", "1.0.0"}});
    }
    SUBCASE("failures end it while a good one is in its canary, which then has nobody to replace") {
        const auto report = one.swap(
            RULES_1, [&](const ZooFolder&) { return one.fail(); }, true);
        CHECK(report.outcome == refused);
        CHECK(says(report.reason, "rules@2.0.0#2 has left meanwhile, and rules@1.0.0#1 serves"));
        one.played.play(5);
        one.played.check({{"rules", "1.0.0"}});
    }
}
