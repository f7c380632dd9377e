// The canary: whatever a candidate's code does, the host learns it in one sentence and goes on.
// GANTRY_ATTEMPTS makes a long run.
#include <cstdlib>

#include "host/app/host.h"
#include "host/app/host_metrics.h"
#include "host/core/sanitized.h"
#include "host/plugin/library.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

struct Fault {
    const char* name;  ///< what GANTRY_ZOO says to zoo.cpp
    const char* sentence;
};

constexpr Fault faults[] = {
    {"constructor throws", "static objects may not throw"},
    {"constructor aborts", "died of SIGABRT in its constructors; mend what happens there"},
    {"constructor segfaults", "died of SIGSEGV in its constructors; mend"},
    {"constructor exits", "ended the canary process with exit code 0 in its constructors"},
    {"constructor starts a thread", " threads running; end what it starts in teardown()"},
    {"library holds itself", "it stayed in memory after it was closed"},
    {"static destructor aborts", "died of SIGABRT in the destructors of its second copy"},
    {"object throws", "it made no object for its world facet"},
    {"create makes nothing", "it made no object for its world facet"},
    {"destructor segfaults", "died of SIGSEGV in teardown() and the destructor of its world facet"},
    {"setup refuses",
     "its world facet refused to start (refused: this version does not like the world)"},
    {"setup throws", "its world facet refused to start (internal: setup failed: no table of"},
    {"setup starts a thread", " threads running; end what"},
    {"component is narrowed",
     "; keep that layout, or mark the field .converted and write up() for"},
    {"save throws", "its world facet could not save its state (internal: save_state: disk is full"},
    {"save segfaults", "died of SIGSEGV in save_state() of its world facet"},
    {"save changes", "its world facet saves \"count\" differently a second time"},
    {"save is unreadable", "could not take over what zoo@2.0.0#"},
    {"restore throws",
     "could not take over what zoo@1.0.0#1 saves (internal: restore_state: cannot read that); let"},
    {"restore refuses", "could not take over what zoo@1.0.0#1 saves (unsupported"},
    {"restore aborts at a real count", "died of SIGABRT in restore_state() of its world facet"},
    {"up crashes at a live row",
     "died of SIGSEGV in the conversion of 1 rows of the live world, its up(); mend what happens"},
    {"shard setup refuses", "its io facet refused to start"},
    {"shard component is narrowed", "in the canary process component zoo.size: field bytes"},
    {"service setup segfaults", "died of SIGSEGV in setup() of its service facet"},
};

constexpr Fault endless_faults[] = {
    {"constructor does not end", "did not come back from its constructors within 1500 ms"},
    {"setup does not end", "did not come back from setup() of its world facet within"},
    {"setup spoils sleep", "did not come back from setup() of its world facet within 1500 ms"},
    {"restore does not end", "did not come back from restore_state() of its world facet within"},
    {"up does not end at a live row",
     "did not come back from the conversion of 1 rows of the live world, its up() within 1500 ms"},
    {"teardown does not end", "did not come back from teardown() and the destructor of its world"},
    {"static destructor does not end", "did not come back from the destructors of its second copy"},
};

constexpr Fault spoilers[] = {
    {"setup spoils locale", "it set the locale of the whole process to \"C.UTF-8\"; name the"},
    {"setup spoils folder", "it changed the working folder of the whole process to /; use whole"},
    {"setup spoils umask", "it changed the umask of the whole process to 0000; set the mode"},
    {"setup spoils rounding", "it changed how the host's thread rounds or treats tiny numbers"},
#if defined(__SSE__)
    {"constructor spoils tiny numbers", "link without -ffast-math (seen after its constructors)"},
#endif
    {"setup spoils environment", "it changed the environment variable TZ of the whole process"},
    {"setup spoils no environment", "it changed the environment variable PATH of the whole"},
    {"setup spoils signal", "it changed what SIGTERM does to the whole process; leave signals"},
    {"setup spoils signal mask", "it blocked SIGTERM on the host's thread; put the mask back"},
    {"setup spoils closed descriptor", "it closed the descriptor 0 (/dev/null), which is not its"},
    {"setup spoils replaced descriptor", "it replaced the descriptor 0 (/dev/null), which is not"},
    {"setup spoils open descriptor", "(/dev/null) open; close it in teardown() (seen after its w"},
    {"setup spoils all descriptors", "it ended the canary process with exit code 1 in setup()"},
    {"setup spoils fork", "it started a process; let a program beside the host do that work"},
    {"setup spoils fork that goes on", "it started a process; let a program beside the host do"},
    {"setup spoils output", "it wrote more than 1 MiB to its output in setup() of its world facet"},
    {"setup starts a detached thread", " threads running; end what it starts in teardown()"},
    {"a hundred thousand routes", "registers more than 16384 things in one room"},
    {"a hundred thousand systems", "registers more than 16384 things in one room"},
    {"constructor spoils umask", "to 0000; set the mode of your own files (seen after its con"},
    {"save spoils locale", "the calls that want one (seen after its world facet)"},
    {"shard setup spoils folder", "use whole paths (seen after its io facet)"},
    {"service setup spoils environment", "(seen after its service facet)"},
    {"static destructor spoils umask", "(seen after its destructors)"},
};

std::filesystem::path successor(const ZooHost& host) {
    ChangedLibrary library{ZOO_GOOD};
    library.set_version("2.0.0");
    return library.write(host.folder.path / "shown.so");
}

void check_each(ZooHost& host, std::span<const Fault> list) {
    const auto file = successor(host);
    attempt_each(list, [&](const Fault& fault) {
        CAPTURE(std::string{fault.name});
        ::setenv("GANTRY_ZOO", fault.name, 1);
        const std::string reason = host.refusal(file);
        CHECK(says(reason, fault.sentence));
        CHECK(says_how_to_mend(reason));
    });
    ::unsetenv("GANTRY_ZOO");
}

}  // namespace

TEST_CASE("whatever its code does in the canary, a candidate is refused with its fault") {
    ZooHost host;
    check_each(host, faults);
}

TEST_CASE("whatever of the whole process a candidate changes, it is refused with what that was") {
    ZooHost host;
    check_each(host, spoilers);
}

TEST_CASE("ten gigabytes are refused in the canary, and no machine is out of memory for it") {
    if (core::sanitized) return;  // whose allocator has a limit of its own
    ZooHost host;
    constexpr Fault much[] = {{"setup spoils memory", "std::bad_alloc; here it may take "}};
    check_each(host, much);
}

TEST_CASE("a candidate that does not come back is ended at the limit") {
    ZooHost host{1500};
    check_each(host, endless_faults);
}

TEST_CASE("a symbol that nobody has is found before the host opens the library") {
    if (core::sanitized) return;  // its names stand elsewhere than in a plain library
    ZooHost host;
    ChangedLibrary library{ZOO_GOOD};
    library.rename("_ZdlPvm", "_ZdlPvq");
    const std::string reason = host.refusal(library.write(host.folder.path / "shown.so"));
    CHECK(says(reason, "it cannot be opened"));
    CHECK(says(reason, "undefined symbol: _ZdlPvq"));
    CHECK(says(reason, "link it with -z defs"));
}

TEST_CASE("a good successor passes the canary, takes the state over, and its steps are told") {
    ZooHost host;
    const auto report = host.host.swap_file("zoo", successor(host));
    INFO(report.reason);
    CHECK(report.outcome == plugin::SwapOutcome::committed);
    CHECK(host.player.call(1, "").text == "2");
    std::string steps;
    for (const auto& step : report.steps) steps += step.name + ' ';
    CHECK(steps == "gate snapshot canary load prepare drain commit shard service ");
}

TEST_CASE("a conversion that can bear the rows of the live world passes the canary") {
    ZooHost host;
    ::setenv("GANTRY_ZOO", "up is good at a live row", 1);
    const auto report = host.host.swap_file("zoo", successor(host));
    ::unsetenv("GANTRY_ZOO");
    CHECK_MESSAGE(report.outcome == plugin::SwapOutcome::committed, report.reason);
    CHECK(host.player.call(1, "").text == "2");
}

TEST_CASE("an incumbent that cannot bear the canary does not stand in the way of its successor") {
    ZooHost host{3000};
    const auto report = host.host.swap_file("zoo", successor(host));
    REQUIRE(report.outcome == plugin::SwapOutcome::committed);
    host.host.advance_ms(1100);                       // its probation
    ::setenv("GANTRY_ZOO", "setup does not end", 1);  // version 2 now serves, and would hang there
    ChangedLibrary third{ZOO_GOOD};
    third.set_version("1.0.1");
    const auto next = host.host.swap_file("zoo", third.write(host.folder.path / "shown.so"));
    ::unsetenv("GANTRY_ZOO");
    INFO(next.reason);
    CHECK(next.outcome == plugin::SwapOutcome::committed);
}

TEST_CASE("a canary that cannot be started refuses the swap and says how to go on") {
    TestHost host{{.files = {ZOO_GOOD}, .canary_program = "/nowhere/gantry"}};
    const auto report = host.swap_file("zoo", ZOO_GOOD);
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "cannot start /nowhere/gantry"));
    constexpr auto unavailable = static_cast<std::size_t>(plugin::CanaryOutcome::unavailable);
    CHECK(host.host().plugins().snapshot().counters.canaries[unavailable] == 1);
    CHECK(says(report.reason, "\"canary\": false"));
}

TEST_CASE(
    "a candidate that kills the process its canary came from is refused; the next finds another") {
    ZooHost host;
    const auto file = successor(host);
    ::setenv("GANTRY_ZOO", "setup spoils parent", 1);
    const auto report = host.host.swap_file("zoo", file);
    ::unsetenv("GANTRY_ZOO");
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "the process that forks others is gone, seen in setup() of its wor"));
    CHECK(says(report.reason, "\"canary\": false"));
    CHECK(host.host.swap_file("zoo", file).outcome == plugin::SwapOutcome::committed);
}

TEST_CASE("how canaries end is counted, and told as a metric") {
    ZooHost host{1500};
    const auto file = successor(host);
    for (const char* fault :
         {"setup refuses", "restore throws", "save segfaults", "setup does not end"}) {
        ::setenv("GANTRY_ZOO", fault, 1);
        CHECK_FALSE(host.refusal(file).empty());
    }
    ::unsetenv("GANTRY_ZOO");
    CHECK(host.host.swap_file("zoo", file).outcome == plugin::SwapOutcome::committed);
    std::string told;
    for (const admin::MetricFamily& family :
         app::metric_families({}, {}, host.host.host().plugins().snapshot(), {})) {
        if (family.name != "gantry_canaries_total") continue;
        for (const auto& sample : family.samples) {
            told += sample.labels.front().second + ' ' +
                    std::to_string(static_cast<int>(sample.value)) + ' ';
        }
    }
    CHECK(told == "passed 1 refused 2 died 1 overran 1 unavailable 0 ");
}

TEST_CASE("an optional plugin whose code is bad is left out, and the host starts") {
    const ZooFolder folder;
    ChangedLibrary library{ZOO_GOOD};
    library.set_version("2.0.0");
    manifest::Manifest manifest;
    manifest.drop.folder = folder.path / "none";
    manifest.worlds.emplace_back().name = "world";
    manifest::Plugin& zoo = manifest.plugins.emplace_back();
    zoo.name = "zoo";
    zoo.file = library.write(folder.path / "shown.so");
    zoo.required = false;
    app::HostOptions options;
    options.canary_program = GANTRY_PROGRAM;
    const core::ManualClock clock;
    ::setenv("GANTRY_ZOO", "constructor aborts", 1);
    const auto without = app::Host::create(manifest, clock, options);
    ::unsetenv("GANTRY_ZOO");
    REQUIRE(without.has_value());
    CHECK((*without)->plugins().snapshot().plugins.empty());
    const auto with = app::Host::create(manifest, clock, options);
    REQUIRE(with.has_value());
    CHECK((*with)->plugins().snapshot().plugins.size() == 1);
}

TEST_CASE("what was checked is what is opened: a private copy that changed is refused") {
    const ZooFolder folder;
    const auto candidate = plugin::inspect(ZOO_GOOD);
    REQUIRE(candidate.has_value());
    auto staged = plugin::StagedLibrary::write(*candidate, 1, folder.path);
    REQUIRE(staged.has_value());
    const auto copy = (*staged)->copy();
    ChangedLibrary changed{copy};
    changed.set_version("6.6.6");
    changed.write(copy);
    const auto opened = plugin::Library::open(std::move(*staged));
    REQUIRE_FALSE(opened.has_value());
    CHECK(says(opened.error().message, "is not what was checked"));
    CHECK_FALSE(std::filesystem::exists(copy));
}
