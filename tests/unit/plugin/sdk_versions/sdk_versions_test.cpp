// Libraries of a released and of a newer SDK in this host, and of this SDK in older and newer
// hosts.
#include <doctest/doctest.h>

#include "host/core/sanitized.h"
#include "host/plugin/gate.h"
#include "host/testing/test_host.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

constexpr const char* raw_shorter = FOLDER "/raw_shorter.so";
constexpr const char* raw_present = FOLDER "/raw_present.so";
constexpr const char* raw_longer = FOLDER "/raw_longer.so";
constexpr const char* raw_1_4 = FOLDER "/raw_1_4.so";
constexpr const char* purses_1_4_1 = FOLDER "/purses_1_4_1.so";
constexpr const char* purses_1_4_2 = FOLDER "/purses_1_4_2.so";
constexpr const char* purses_present_1 = FOLDER "/purses_present_1.so";
constexpr const char* purses_present_2 = FOLDER "/purses_present_2.so";

PluginDesc desc(std::uint16_t major, std::uint16_t minor, std::uint32_t size,
                std::uint32_t facets = facet_bits::world) {
    PluginDesc desc{};
    desc.size = size;
    desc.abi_major = major;
    desc.abi_minor = minor;
    desc.facets = facets;
    return desc;
}

std::string refusal(const std::filesystem::path& file) {
    const auto candidate = plugin::inspect(file);
    REQUIRE_FALSE(candidate.has_value());
    return candidate.error().message;
}

}  // namespace

TEST_CASE("A library of a released SDK serves, and takes its turn with one of this SDK") {
    const auto older = plugin::inspect(raw_1_4);
    REQUIRE_MESSAGE(older.has_value(), older.error().message);
    REQUIRE(older->image.desc.abi_minor == 4);
    const auto shorter = plugin::inspect(raw_shorter);
    REQUIRE_MESSAGE(shorter.has_value(), shorter.error().message);
    REQUIRE(shorter->image.desc.size < sizeof(PluginDesc));
    TestHost host{{.files = {raw_1_4}, .probation_ms = 0, .canary_program = GANTRY_PROGRAM}};
    auto player = host.connect();
    int count = 0;
    for (const char* const next : {raw_present, raw_1_4, raw_1_4, raw_shorter, raw_1_4}) {
        CHECK(player.call(1, "hello").text == "hello");
        CHECK(player.call(2, "").text == std::to_string(++count));
        const plugin::SwapReport report = host.swap_file("raw", next);
        CHECK_MESSAGE(report.outcome == plugin::SwapOutcome::committed, report.reason);
    }
    CHECK(player.call(2, "").text == std::to_string(++count));
}

// An SDK of ABI 1.4 reads columns whatever EcsData::layout_version says: in its world no row may
// wait for its new layout beyond the commit.
TEST_CASE("Across layouts and SDKs, all rows that are written in every tick keep their values") {
    TestHost host{{.files = {purses_1_4_1}, .tick_hz = 1000, .probation_ms = 0}};
    auto player = host.connect();
    std::int64_t ticks = 0;
    const auto look = [&] { CHECK(player.call(1, "").text == std::to_string(ticks) + " ticks"); };
    const auto tick = [&] {
        host.clock().advance(ns_per_ms);
        host.host().poll(host.clock().now());
        ++ticks;
    };
    const char* from = purses_1_4_1;
    for (const char* const next :
         {purses_1_4_2, purses_1_4_1, purses_present_1, purses_1_4_2, purses_present_1,
          purses_present_2, purses_1_4_1, purses_present_2, purses_1_4_2, purses_1_4_1}) {
        CAPTURE(std::string{from});
        CAPTURE(std::string{next});
        for (int i = 0; i < 20; ++i) tick();
        look();
        const std::uint64_t waited = host.world().entities().stats().rows_waited;
        const auto ticket = host.host().plugins().swap({.plugins = {{"purses", "", next}}});
        REQUIRE(ticket.has_value());
        while (host.report(*ticket).outcome == plugin::SwapOutcome::running) tick();
        CHECK_MESSAGE(host.report(*ticket).outcome == plugin::SwapOutcome::committed,
                      host.report(*ticket).reason);
        look();
        const bool both_heed = from == purses_present_1 && next == purses_present_2;
        CHECK((host.world().entities().stats().rows_waited > waited) == both_heed);
        tick();
        look();
        host.settle();
        from = next;
    }
}

TEST_CASE("A host whose ABI is older by one minor refuses a library of this SDK") {
    plugin::GateRules rules;
    rules.abi.minor = GANTRY_ABI_MINOR - 1;
    for (const char* const file : {raw_present, purses_present_1}) {
        const auto candidate = plugin::inspect(file, rules);
        REQUIRE_FALSE(candidate.has_value());
        const std::string minor = std::to_string(GANTRY_ABI_MINOR);
        const std::string host_minor = std::to_string(GANTRY_ABI_MINOR - 1);
        CHECK(candidate.error().message == std::string{file} + ": built for the newer ABI 1." +
                                               minor + ", this host has 1." + host_minor +
                                               "; update the host, or build with its SDK");
    }
    rules.abi.minor = 4;
    for (const char* const file : {raw_1_4, purses_1_4_1, purses_1_4_2}) {
        CHECK(plugin::inspect(file, rules).has_value());
    }
}

TEST_CASE("A plugin asks for an interface that this host has not, and goes on without") {
    TestHost host{{.files = {raw_present}}};
    CHECK(host.connect().call(3, "").text == "no");
}

TEST_CASE("A library of a newer SDK is refused before any of it runs, and the old one goes on") {
    ChangedLibrary newer{raw_longer};
    newer.put_in_descriptor(offsetof(PluginDesc, abi_minor),
                            static_cast<std::uint16_t>(GANTRY_ABI_MINOR + 1));
    const ZooFolder folder;
    const auto file = newer.write(folder.path / "shown.so");
    TestHost host{{.files = {raw_1_4}}};
    auto player = host.connect();
    const plugin::SwapReport report = host.swap_file("raw", file);
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "built for the newer ABI "));
    CHECK(says(report.reason, "update the host, or build with its SDK"));
    CHECK(player.call(1, "hello").text == "hello");
}

TEST_CASE("What an SDK has appended to the descriptor is not looked at") {
    TestHost host{{.files = {raw_longer}}};
    CHECK(host.connect().call(1, "hello").text == "hello");
}

TEST_CASE("A descriptor that ends before what it promises is refused") {
    if (core::sanitized) return;  // what a sanitizer puts behind the descriptor is long enough
    const ZooFolder folder;
    for (const std::uint32_t facets : {2u, 3u, 4u, 5u}) {
        ChangedLibrary library{raw_shorter};
        library.put_in_descriptor(offsetof(PluginDesc, facets), facets);
        CHECK(says(refusal(library.write(folder.path / "shown.so")),
                   "its plugin descriptor is broken"));
        library.put_in_descriptor(offsetof(PluginDesc, size),
                                  static_cast<std::uint32_t>(sizeof(PluginDesc)));
        CHECK(says(refusal(library.write(folder.path / "shown.so")),
                   "its plugin descriptor is too short"));
    }
}

TEST_CASE("A host takes every minor up to its own, of its own major") {
    struct Pair {
        std::uint16_t plugin_major, plugin_minor, host_major, host_minor;
        const char* sentence;  ///< empty: taken
    };
    const Pair pairs[] = {
        {1, 0, 1, 0, ""},
        {1, 0, 1, 1, ""},
        {1, 0, 1, 9, ""},
        {1, 3, 1, 3, ""},
        {1, 4, 1, 3, "built for the newer ABI 1.4, this host has 1.3"},
        {1, 1, 1, 0, "built for the newer ABI 1.1, this host has 1.0"},
        {1, 0, 2, 0, "built for ABI 1.0, this host speaks 2.0"},
        {2, 0, 1, 9, "built for ABI 2.0, this host speaks 1.9"},
        {0, 9, 1, 0, "built for ABI 0.9, this host speaks 1.0"},
    };
    for (const Pair& pair : pairs) {
        const auto checked =
            plugin::check_abi(desc(pair.plugin_major, pair.plugin_minor, sizeof(PluginDesc)),
                              "x.so", {pair.host_major, pair.host_minor});
        CAPTURE(std::string{pair.sentence});
        CHECK(checked.has_value() == std::string_view{pair.sentence}.empty());
        if (!checked) CHECK(says(checked.error().message, pair.sentence));
    }
}
