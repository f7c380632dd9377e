// What a session carries along between worlds that run different versions of a plugin.
#include <doctest/doctest.h>

#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/swap_rules.h"

using namespace gantry::test;

namespace {

namespace v3 {
/// Its way back narrows two fields, for which no function is needed.
struct Body {
    std::uint64_t player = 0;
    std::uint64_t strays = 0;
    std::int64_t score = 0;  ///< in units again
    std::uint32_t row = 0;
    std::uint16_t column = 0;
    std::uint32_t moves = 0;

    static void up(const gantry::OldRow& old, Body& now) noexcept {
        now.score = old.get<std::int64_t>("score") / 1000;
    }
    static void down(const Body& now, gantry::OldRow& old) noexcept {
        old.set("score", now.score * 1000);
    }

    Built built() const noexcept {
        return {player,
                moves,
                static_cast<std::int32_t>(score),
                static_cast<std::uint16_t>(row),
                column,
                static_cast<std::uint32_t>(strays)};
    }
    void set(const Built& built) noexcept {
        *this = {built.player, built.strays, built.score, built.row, built.column, built.moves};
    }
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, GANTRY_FIELD(player), GANTRY_FIELD(strays),
                    GANTRY_FIELD(score, .converted = true), GANTRY_FIELD(row), GANTRY_FIELD(column),
                    GANTRY_FIELD(moves, .was = "handled"))
}  // namespace v3

constexpr gantry::PluginDesc one = linked("rules", "1.0.0", gantry::create<SwapRules<v1::Body>>);
constexpr gantry::PluginDesc two = linked("rules", "2.0.0", gantry::create<SwapRules<v2::Body>>);
constexpr gantry::PluginDesc three = linked("rules", "3.0.0", gantry::create<SwapRules<v3::Body>>);

/// One player, who begins in the north, where `old` runs; in the south `next` is tried beside it.
struct Journey {
    Journey(const gantry::PluginDesc& old, const gantry::PluginDesc& next)
        : host{{.plugins = {&old}, .worlds = {"north", "south"}, .workers = 2}},
          client{host.connect()} {
        built.player = 7;
        client.send(built_join, to_payload(built.player));
        const auto ticket = host.host().plugins().swap(
            {.plugins = {{.plugin = "rules", .linked = &next}}, .worlds = "south"});
        REQUIRE(ticket);
        host.settle();
        REQUIRE(host.report(*ticket).outcome == gantry::plugin::SwapOutcome::committed);
    }
    /// Some moves, the way there, and more moves, all at once.
    void go(std::string_view world) {
        for (int i = 0; i < 6; ++i) {
            if (i == 3) client.send(built_travel, world);
            const std::uint64_t number = built.moves + 1;
            built.take(number);
            client.send(built_move, to_payload(number));
        }
        host.settle();
    }
    Built there() { return from_payload<Built>(client.call(built_ping, "").text); }
    std::uint64_t left_behind() {
        return host.world("north").counters().components_left_behind +
               host.world("south").counters().components_left_behind;
    }

    TestHost host;
    TestClient client;
    Built built;
};

void there_and_back(const gantry::PluginDesc& old, const gantry::PluginDesc& next) {
    Journey journey{old, next};
    for (int i = 0; i < 3; ++i) {
        journey.go("south");
        CHECK(journey.there() == journey.built);
        journey.go("north");
        CHECK(journey.there() == journey.built);
    }
    CHECK(journey.left_behind() == 0);
    CHECK(journey.host.host().transit().count() == 0);
}

}  // namespace

// Each swap passes through it, for worlds commit one after the other, and so does each rollback: a
// player went from a world that had the new version to one that still had the old one, where nobody
// knew the way back, and lost the component whose layout had changed.
TEST_CASE("a session that moves to a world with an older version brings what that one knows") {
    there_and_back(one, two);
}

// Two versions with a function each: the one that is kept for its probation was asked, and does not
// serve.
TEST_CASE("what comes to a world is converted by who serves there, and not by its predecessor") {
    there_and_back(two, three);
}

// The trial ends while the player is on its way: neither world has the function any more.
TEST_CASE("a session on its way brings along how its components go back") {
    for (int turns = 0; turns < 12; ++turns) {
        CAPTURE(turns);
        Journey journey{one, two};
        journey.go("south");
        journey.client.send(built_travel, "north");
        for (int i = 0; i < turns; ++i) journey.host.host().poll(journey.host.clock().now());
        REQUIRE(journey.host.host().plugins().abort("rules"));
        journey.host.settle();
        CHECK(journey.there() == journey.built);
        CHECK(journey.left_behind() == 0);
    }
}
