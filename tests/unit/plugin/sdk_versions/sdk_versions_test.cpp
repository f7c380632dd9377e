// Libraries of an older and of a newer SDK in this host, and of this SDK in a newer host.
#include <doctest/doctest.h>

#include "host/core/sanitized.h"
#include "host/plugin/gate.h"
#include "host/testing/test_host.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

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

TEST_CASE("A library of an older SDK serves, and takes its turn with one of this SDK") {
    const auto older = plugin::inspect(RAW_OLDER);
    REQUIRE_MESSAGE(older.has_value(), older.error().message);
    REQUIRE(older->image.desc.size < sizeof(PluginDesc));
    TestHost host{{.files = {RAW_OLDER}, .probation_ms = 0, .canary_program = GANTRY_PROGRAM}};
    auto player = host.connect();
    int count = 0;
    for (const char* const next : {RAW_PRESENT, RAW_OLDER, RAW_PRESENT}) {
        CHECK(player.call(1, "hello").text == "hello");
        CHECK(player.call(2, "").text == std::to_string(++count));
        const plugin::SwapReport report = host.swap_file("raw", next);
        CHECK_MESSAGE(report.outcome == plugin::SwapOutcome::committed, report.reason);
    }
    CHECK(player.call(2, "").text == std::to_string(++count));
}

TEST_CASE("A plugin asks for an interface that this host has not, and goes on without") {
    TestHost host{{.files = {RAW_PRESENT}}};
    CHECK(host.connect().call(3, "").text == "no");
}

TEST_CASE("A library of a newer SDK is refused before any of it runs, and the old one goes on") {
    ChangedLibrary newer{RAW_NEWER};
    newer.put_in_descriptor(offsetof(PluginDesc, abi_minor),
                            static_cast<std::uint16_t>(GANTRY_ABI_MINOR + 1));
    const ZooFolder folder;
    const auto file = newer.write(folder.path / "shown.so");
    TestHost host{{.files = {RAW_OLDER}}};
    auto player = host.connect();
    const plugin::SwapReport report = host.swap_file("raw", file);
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "built for the newer ABI "));
    CHECK(says(report.reason, "update the host, or build with its SDK"));
    CHECK(player.call(1, "hello").text == "hello");
}

TEST_CASE("What an SDK has appended to the descriptor is not looked at") {
    TestHost host{{.files = {RAW_NEWER}}};
    CHECK(host.connect().call(1, "hello").text == "hello");
}

TEST_CASE("A descriptor that ends before what it promises is refused") {
    if (core::sanitized) return;  // what a sanitizer puts behind the descriptor is long enough
    const ZooFolder folder;
    for (const std::uint32_t facets : {2u, 3u, 4u, 5u}) {
        ChangedLibrary library{RAW_OLDER};
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
