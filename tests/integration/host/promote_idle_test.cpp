// A trial that is to be promoted by itself waits for something to compare. It was promoted when its
// time was up, also from worlds where nobody had played: what nobody used has passed nothing.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;

namespace {

template <int number>
class Version : public WorldPlugin {
    void setup() override {
        on(1, [](const Message&) { return std::to_string(number); });
    }
};
constexpr PluginDesc first = linked("one", "1.0.0", create<Version<1>>);
constexpr PluginDesc second = linked("one", "2.0.0", create<Version<2>>);

/// Three worlds that do not tick, and sessions in the first.
struct IdleHost : TestHost {
    IdleHost()
        : TestHost{{.plugins = {&first},
                    .worlds = {"played", "other", "idle"},
                    .tick_hz = 0,
                    .probation_ms = 1000}} {}

    std::uint64_t try_in(const char* worlds) {
        plugin::SwapWish wish;
        wish.plugins.push_back({.linked = &second});
        wish.worlds = worlds;
        wish.promote = true;
        const auto ticket = host().plugins().swap(wish);
        REQUIRE(ticket);
        settle();
        return *ticket;
    }
    std::string version_in(std::string_view name) {
        return world(name).instances().front()->owner().version;
    }
};

}  // namespace

TEST_CASE("a trial in a world without messages is not promoted by itself, and says so in the end") {
    IdleHost host;
    const std::uint64_t ticket = host.try_in("idle");
    host.advance_ms(9900);
    CHECK(host.report(ticket).notes.size() == 2);
    host.advance_ms(200);
    const auto report = host.report(ticket);
    REQUIRE(report.notes.size() == 3);
    CHECK(report.notes[2] ==
          "there was nothing to compare in 10 s, neither enough messages nor ticks: it is not "
          "promoted by itself; gantry promote one does");
    CHECK(host.version_in("idle") == "2.0.0");
    CHECK(host.version_in("played") == "1.0.0");
    REQUIRE(host.host().plugins().promote("one"));
    host.settle();
    CHECK(host.version_in("played") == "2.0.0");
}
