// The canary: whatever a candidate's code does, the host learns it in one sentence and goes on.
#include <cstdlib>

#include "host/app/host.h"
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
    {"component is narrowed", "zoo.size"},
    {"save throws", "its world facet could not save its state (internal: save_state: disk is full"},
    {"save segfaults", "died of SIGSEGV in save_state() of its world facet"},
    {"save changes", "its world facet saves \"count\" differently a second time"},
    {"save is unreadable", "could not take over what zoo@2.0.0#"},
    {"restore throws",
     "could not take over what zoo@1.0.0#1 saves (internal: restore_state: cannot read that); let"},
    {"restore refuses", "could not take over what zoo@1.0.0#1 saves (unsupported"},
    {"restore aborts at a real count", "died of SIGABRT in restore_state() of its world facet"},
    {"shard setup refuses", "its io facet refused to start"},
    {"service setup segfaults", "died of SIGSEGV in setup() of its service facet"},
};

constexpr Fault endless_faults[] = {
    {"constructor does not end", "did not come back from its constructors within 1500 ms"},
    {"setup does not end", "did not come back from setup() of its world facet within"},
    {"restore does not end", "did not come back from restore_state() of its world facet within"},
    {"teardown does not end", "did not come back from teardown() and the destructor of its world"},
    {"static destructor does not end", "did not come back from the destructors of its second copy"},
};

std::filesystem::path successor(const ZooHost& host) {
    ChangedLibrary library{ZOO_GOOD};
    library.set_version("2.0.0");
    return library.write(host.folder.path / "shown.so");
}

void check_each(ZooHost& host, std::span<const Fault> list) {
    const auto file = successor(host);
    for (const Fault& fault : list) {
        CAPTURE(std::string{fault.name});
        ::setenv("GANTRY_ZOO", fault.name, 1);
        CHECK(says(host.refusal(file), fault.sentence));
    }
    ::unsetenv("GANTRY_ZOO");
}

}  // namespace

TEST_CASE("whatever its code does in the canary, a candidate is refused with its fault") {
    ZooHost host;
    check_each(host, faults);
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
    CHECK(steps == "gate snapshot canary load prepare drain commit ");
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
    CHECK(says(report.reason, "\"canary\": false"));
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
