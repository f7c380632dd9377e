// What a session's entity carries along when the session moves to another world.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;

namespace {

struct Purse {
    std::uint32_t coins = 1;
    gantry::Entity owner;    // itself
    gantry::Entity friend_;  // somebody else
};
GANTRY_COMPONENT_AS("test.purse", Purse, 1, GANTRY_FIELD(coins), GANTRY_FIELD(owner),
                    GANTRY_FIELD(friend_))

struct Banned {};
GANTRY_COMPONENT_AS("test.banned", Banned, 1)

struct Scar {
    std::uint8_t depth = 0;
};
GANTRY_COMPONENT_AS("test.scar", Scar, 1, GANTRY_FIELD(depth))

namespace v1 {
struct Place {
    float x = 0;
    std::uint16_t zone = 7;
};
GANTRY_COMPONENT_AS("test.place", Place, 1, GANTRY_FIELD(x), GANTRY_FIELD(zone))
}  // namespace v1

namespace v2 {
struct Place {
    std::int32_t cm = 0;
    std::uint64_t zone = 0;

    static void up(const gantry::OldRow& old, Place& now) noexcept {
        now.cm = static_cast<std::int32_t>(old.get<float>("x") * 100);
    }
};
GANTRY_COMPONENT_AS("test.place", Place, 2, GANTRY_FIELD(cm, .was = "x", .converted = true),
                    GANTRY_FIELD(zone))
}  // namespace v2

std::string text_of(const v1::Place& place) {
    return std::to_string(place.x) + "@" + std::to_string(place.zone);
}
std::string text_of(const v2::Place& place) {
    return std::to_string(place.cm) + "@" + std::to_string(place.zone);
}

/// 1 moves to the world that it names, 2 says who one is there, 3 makes one rich, 4 says where.
template <class Place, bool scars>
class Town : public gantry::WorldPlugin {
    void setup() override {
        expect(world().template use<Purse>());
        expect(world().template use<Banned>());
        expect(world().template use<Place>());
        if (scars) expect(world().template use<Scar>());
        on_session(
            [this](gantry::SessionId, gantry::Entity entity) {
                if (!world().template all_of<Purse>(entity)) {
                    world().template emplace<Purse>(entity, 1u, entity, gantry::Entity{});
                }
            },
            [this](gantry::SessionId, gantry::Entity entity) {
                world().template remove<Purse>(entity);  // as a careless plugin might
            });
        on(1, [this](const gantry::Message& message) {
            net().move(message.session, find_world(message.payload.text()));
        });
        on(2, [this](const gantry::Message& message) {
            const auto entity = message.entity;
            const auto& purse = world().template get<const Purse>(entity);
            return std::string{self().world_name.view()} + " " + std::to_string(purse.coins) +
                   (purse.owner == entity ? " self" : " other") +
                   (purse.friend_ == gantry::Entity{} ? " alone" : " befriended") +
                   (world().template all_of<Banned>(entity) ? " banned" : "");
        });
        on(3, [this](const gantry::Message& message) {
            auto& purse = world().template get<Purse>(message.entity);
            purse.coins = 500;
            purse.friend_ = world().create();
            world().template emplace<Banned>(message.entity);
            world().template emplace<Place>(message.entity);
            if constexpr (scars) world().template emplace<Scar>(message.entity);
        });
        on(4, [this](const gantry::Message& message) {
            return text_of(world().template get<const Place>(message.entity));
        });
    }
};

constexpr gantry::PluginDesc town = linked("town", "1.0.0", gantry::create<Town<v1::Place, false>>);
constexpr gantry::PluginDesc village =
    linked("village", "1.0.0", gantry::create<Town<v1::Place, true>>);
constexpr gantry::PluginDesc city = linked("city", "2.0.0", gantry::create<Town<v2::Place, false>>);

gantry::manifest::Manifest village_and_city() {
    gantry::manifest::ManifestBuilder manifest;
    manifest.name("move").shards(1).workers(2).no_admin();
    manifest.drop("no such folder").incidents({.folder = ""});
    manifest.listener("memory").transport("memory").address("memory").port(1).joins("north");
    for (const char* name : {"village", "city"}) manifest.plugin(name);
    manifest.world("north").plugins({"village"});
    manifest.world("south").plugins({"city"});
    return manifest.build();
}

}  // namespace

// A player who went to another world arrived there with nothing: only the session was handed over.
TEST_CASE("a session that moves takes its components along, references but to itself cleared") {
    TestHost host{{.plugins = {&town}, .worlds = {"north", "south"}, .workers = 2}};
    auto client = host.connect();
    client.send(3, "");
    REQUIRE(client.call(2, "").text == "north 500 self befriended banned");
    client.send(1, "south");
    host.settle();
    CHECK(client.call(2, "").text == "south 500 self alone banned");
    client.send(1, "north");
    host.settle();
    CHECK(client.call(2, "").text == "north 500 self alone banned");
    CHECK(client.call(4, "").text == "0.000000@7");
    CHECK(host.host().transit().count() == 0);
}

TEST_CASE("components of a moving session become those of the world it comes to") {
    TestHost host{village_and_city(), {.plugins = {&village, &city}}};
    auto client = host.connect();
    client.send(3, "");
    client.send(1, "south");
    host.settle();
    CHECK(client.call(2, "").text == "south 500 self alone banned");
    CHECK(client.call(4, "").text == "0@7");
    // Nobody there has scars.
    CHECK(host.world("south").counters().components_left_behind == 1);
    // There is no down(): the way back is refused for the place, and for nothing else.
    client.send(1, "north");
    host.settle();
    CHECK(client.call(2, "").text == "north 500 self alone banned");
    CHECK(client.call(4, "").status != gantry::Status::ok);
    CHECK(host.world("north").counters().components_left_behind == 1);
}

TEST_CASE("a session that ends on its way leaves nothing behind") {
    TestHost host{{.plugins = {&town}, .worlds = {"north", "south"}, .workers = 2}};
    for (int round = 0; round < 20; ++round) {
        auto client = host.connect();
        client.send(3, "");
        client.send(1, "south");
        client.close();
        host.settle();
    }
    CHECK(host.host().transit().count() == 0);
    CHECK(host.world("north").session_count() == 0);
    CHECK(host.world("south").session_count() == 0);
}
