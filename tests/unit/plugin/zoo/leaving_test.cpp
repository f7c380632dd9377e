// What has left is gone, and what could not leave is told: with its reason, for as long as it
// stays.
#include <cstdlib>

#include "host/core/sanitized.h"
#include "host/manifest/builder.h"
#include "host/platform/fault.h"
#include "host/platform/held_threads.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;

namespace {

/// Plugins that may be removed, in a world of their own.
manifest::Manifest optional_plugins(std::vector<std::pair<std::string, std::string>> files) {
    manifest::ManifestBuilder made;
    made.name("leaving").shards(1).workers(1).no_admin().incidents({.folder = ""});
    made.drop("no such folder");
    made.listener("memory").transport("memory").address("memory").port(1).joins("world");
    std::vector<std::string> names;
    for (const auto& [name, file] : files) {
        made.plugin(name).file(file).optional().probation(0ms);
        names.push_back(name);
    }
    made.world("world").plugins(names);
    return made.build();
}

/// Without a canary, which would refuse what does not leave.
struct Leaving {
    plugin::SwapReport swap(std::string_view version, const char* fault) {
        ChangedLibrary library{ZOO_GOOD};
        library.set_version(version);
        ::setenv("GANTRY_ZOO", fault, 1);
        const auto report = host.swap_file("zoo", library.write(folder.path / "shown.so"));
        ::unsetenv("GANTRY_ZOO");
        host.advance_ms(100);
        return report;
    }
    plugin::ManagerSnapshot seen() { return host.host().plugins().snapshot(); }
    /// "zoo@2.0.0#2" of each that is listed as left behind. All have the reason.
    std::string left_behind() {
        std::string labels;
        for (const plugin::GenerationStatus& one : seen().generations) {
            if (one.state != "left behind") continue;
            labels += one.label + ' ';
            CHECK(says(one.reason, one.label + " still has "));
            CHECK(says(one.reason, "something of it is referenced by the process"));
        }
        return labels;
    }

    ZooFolder folder;
    TestHost host{optional_plugins({{"zoo", ZOO_GOOD}}), {}};
};

}  // namespace

// It was counted and logged, and stood nowhere in `gantry who`; one that came to leave by a
// refusal, a rollback or a removal not even in the report of a swap.
TEST_CASE("a library that holds itself is listed as left behind, whatever it had to leave for") {
    Leaving one;
    CHECK(one.swap("2.0.0", "library holds itself and refuses").outcome ==
          plugin::SwapOutcome::refused);
    CHECK(one.left_behind() == "zoo@2.0.0#2 ");
    const auto second = one.swap("2.0.1", "library holds itself");
    CHECK(second.outcome == plugin::SwapOutcome::committed);
    CHECK(one.left_behind() == "zoo@2.0.0#2 ");
    const auto third = one.swap("2.0.2", "library holds itself");
    CHECK(third.outcome == plugin::SwapOutcome::committed);
    CHECK(one.left_behind() == "zoo@2.0.0#2 zoo@2.0.1#3 ");
    CHECK(one.host.report(third.ticket).leftovers.size() == 1);
    CHECK(one.host.host().plugins().remove("zoo").has_value());
    one.host.advance_ms(100);
    CHECK(one.left_behind() == "zoo@2.0.0#2 zoo@2.0.1#3 zoo@2.0.2#4 ");
    CHECK(one.seen().counters.libraries_leaked == 3);
}

TEST_CASE("so is one that a rollback sent away") {
    const ZooFolder folder;
    TestHost host{{.files = {ZOO_GOOD}}};
    auto player = host.connect();
    ChangedLibrary library{ZOO_GOOD};
    library.set_version("2.0.0");
    ::setenv("GANTRY_ZOO", "library holds itself", 1);
    const auto report = host.swap_file("zoo", library.write(folder.path / "shown.so"));
    ::setenv("GANTRY_ZOO", "handler throws", 1);
    for (int i = 0; i < 3; ++i) CHECK(player.call(1, "").status == Status::internal);
    ::unsetenv("GANTRY_ZOO");
    host.advance_ms(100);
    CHECK(host.report(report.ticket).outcome == plugin::SwapOutcome::rolled_back);
    const auto seen = host.host().plugins().snapshot();
    REQUIRE(seen.generations.size() == 2);
    CHECK(seen.generations[0].label == "zoo@1.0.0#1");
    CHECK(seen.generations[1].label == "zoo@2.0.0#2");
    CHECK(seen.generations[1].state == "left behind");
    CHECK(says(seen.generations[1].reason, "still has "));
}

TEST_CASE("of many that stay the newest 64 are listed, and all are counted") {
    Leaving one;
    constexpr int count = 66;
    for (int i = 0; i < count; ++i) (void)one.swap("2.0.0", "library holds itself and refuses");
    CHECK(one.seen().counters.libraries_leaked == count);
    const std::string labels = one.left_behind();
    CHECK(labels.starts_with("zoo@2.0.0#4 zoo@2.0.0#5 "));
    CHECK(labels.ends_with("#67 "));
}

TEST_CASE("where libraries were, nothing else comes: of the newest 64, and of no more") {
    Leaving one;
    std::uint32_t mappings = 0;
    for (std::uint64_t unloads = 1; unloads <= 70; ++unloads) {
        CHECK(one.swap("1.0.0", "").outcome == plugin::SwapOutcome::committed);
        const auto counters = one.seen().counters;
        CHECK(counters.libraries_unmapped == unloads);
        // A range is not reserved where the loader itself has used a part of it at once.
        CHECK(counters.ranges_reserved <= std::min<std::uint64_t>(unloads, 64));
        if (unloads == 66) mappings = platform::process_counts().mappings;
    }
    CHECK(one.seen().counters.ranges_reserved == 64);
    if (!core::sanitized) CHECK(platform::process_counts().mappings <= mappings + 2);
    CHECK(one.left_behind().empty());
}

TEST_CASE("what leaves a raw callback is a fault, which is contained as any other") {
    if (core::sanitized) return;
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    const ZooFolder folder;
    TestHost host{{.files = {ZOO_GOOD}}};
    auto player = host.connect();
    ChangedLibrary library{ZOO_GOOD};
    library.set_version("2.0.0");
    ::setenv("GANTRY_ZOO", "raw callback throws", 1);
    const auto report = host.swap_file("zoo", library.write(folder.path / "shown.so"));
    ::unsetenv("GANTRY_ZOO");
    REQUIRE(report.outcome == plugin::SwapOutcome::committed);
    const SessionId session{std::stoull(player.call(2, "").text)};
    host.world().pressure({WorldId{}, 1, session});
    host.settle();
    const auto after = host.report(report.ticket);
    CHECK(after.outcome == plugin::SwapOutcome::rolled_back);
    CHECK(says(after.reason, "zoo@2.0.0#2: abort in "));
    CHECK(says(after.reason, "pressure of world world"));
    CHECK(player.call(1, "").text == "1");
    const auto seen = host.host().plugins().snapshot().generations;
    REQUIRE(seen.size() == 2);  // whose code was left in its midst stays, and says so
    CHECK(seen[1].state == "left behind");
    CHECK(says(seen[1].reason, "zoo@2.0.0#2: abort in "));
}

TEST_CASE("a stale pointer faults with the name of who left, and runs nobody's code") {
    if (core::sanitized) return;  // whose run-time keeps the signals
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    for (const int passed_ms : {10, 100}) {  // out of bounds for a while, then reserved
        CAPTURE(passed_ms);
        TestHost host{
            optional_plugins({{"leaver", ZOO "/zoo_leaver.so"}, {"keeper", ZOO "/zoo_keeper.so"}}),
            {}};
        auto player = host.connect();
        CHECK(player.call(1, "").text == "42");
        CHECK(player.call(2, "").text == "42");
        CHECK(host.host().plugins().remove("leaver").has_value());
        host.advance_ms(passed_ms);
        const auto seen = host.host().plugins().snapshot().counters;
        CHECK(seen.libraries_unmapped == (passed_ms == 10 ? 0 : 1));
        CHECK(player.call(2, "").status == Status::internal);
        host.settle();
        const auto incidents = host.host().incidents().latest();
        REQUIRE(incidents.size() == 1);
        CHECK(incidents[0].plugin == "keeper@1.0.0#1");
        CHECK(says(incidents[0].what, "segmentation fault in handler"));
        CHECK(says(incidents[0].what, ", by a stale pointer into leaver@1.0.0#1, which has left"));
        REQUIRE_FALSE(incidents[0].stack.empty());
        CHECK(says(incidents[0].stack[0], "leaver@1.0.0#1"));
        CHECK(host.host().plugins().snapshot().plugins.at(0).state == plugin::PluginState::failed);
    }
    ::unsetenv("GANTRY_STALE_POINTER");
}

// Once the host's own code was called with memory that had been freed, and ended the process.
TEST_CASE("so does an interface of the host that is used for longer than it lives there") {
    if (core::sanitized) return;
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    const std::string an_interface = "an interface of leaver@1.0.0#1";
    const std::pair<const char*, std::string> kinds[] = {{"net", an_interface},
                                                         {"ecs", an_interface},
                                                         {"commands", an_interface},
                                                         {"query", "a query"}};
    for (const auto& [kind, gone] : kinds) {
        CAPTURE(kind);
        TestHost host{
            optional_plugins({{"leaver", ZOO "/zoo_leaver.so"}, {"keeper", ZOO "/zoo_keeper.so"}}),
            {}};
        auto player = host.connect();
        player.send(3, kind);
        host.settle();
        CHECK(player.call(4, kind).status == Status::ok);
        CHECK(host.host().plugins().remove("leaver").has_value());
        host.advance_ms(100);
        CHECK(player.call(4, kind).status == Status::internal);
        host.settle();
        const auto incidents = host.host().incidents().latest();
        REQUIRE(incidents.size() == 1);
        CHECK(incidents[0].plugin == "keeper@1.0.0#1");
        CHECK(says(incidents[0].what, "segmentation fault in handler"));
        CHECK(says(incidents[0].what, ", by a stale pointer to " + gone + ", which is gone"));
        REQUIRE_FALSE(incidents[0].stack.empty());
        CHECK(says(incidents[0].stack[0], "keeper@1.0.0#1"));
    }
    ::unsetenv("GANTRY_STALE_POINTER");
}

// Once it ended the process.
TEST_CASE("a thread that a plugin left behind stands still once its code has gone") {
    if (core::sanitized) return;
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    const std::uint32_t held = platform::held_threads();
    TestHost host{
        optional_plugins({{"leaver", ZOO "/zoo_leaver.so"}, {"keeper", ZOO "/zoo_keeper.so"}}), {}};
    auto player = host.connect();
    CHECK(player.call(5, "").text == "0");
    CHECK(host.host().plugins().remove("leaver").has_value());
    host.advance_ms(10);
    while (host.host().incidents().latest().empty()) host.settle();  // as soon as it runs again
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].plugin == "leaver@1.0.0#1");
    CHECK(incidents[0].where == "a thread of its own");
    CHECK(says(incidents[0].what, "segmentation fault in a thread of its own"));
    CHECK(says(incidents[0].what, ", by a stale pointer into leaver@1.0.0#1, which has left"));
    CHECK(platform::held_threads() == held + 1);
}
