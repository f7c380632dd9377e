// A swap that renames, retypes and splits fields of a component, under a client, and its way back.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

namespace v1 {
struct Hero {
    float height = 2;
    float x = 1.5f;  // metres
    std::uint32_t cell = 3u << 16 | 4;
    std::uint32_t coins = 10;
};
GANTRY_COMPONENT_AS("test.hero", Hero, 1, GANTRY_FIELD(height), GANTRY_FIELD(x), GANTRY_FIELD(cell),
                    GANTRY_FIELD(coins))
}  // namespace v1

namespace v2 {
struct Hero {
    double y = 0;
    std::int32_t x = 0;  // centimetres
    std::uint16_t row = 0, column = 0;
    std::uint64_t coins = 0;

    static void up(const gantry::OldRow& old, Hero& now) noexcept {
        now.x = static_cast<std::int32_t>(old.get<float>("x") * 100);
        const auto cell = old.get<std::uint32_t>("cell");
        now.row = static_cast<std::uint16_t>(cell >> 16);
        now.column = static_cast<std::uint16_t>(cell);
    }
    static void down(const Hero& now, gantry::OldRow& old) noexcept {
        old.set("x", static_cast<float>(now.x) / 100);
        old.set("cell", static_cast<std::uint32_t>(now.row) << 16 | now.column);
    }
};
GANTRY_COMPONENT_AS("test.hero", Hero, 2, GANTRY_FIELD(y, .was = "height"),
                    GANTRY_FIELD(x, .converted = true), GANTRY_FIELD(row), GANTRY_FIELD(column),
                    GANTRY_FIELD(coins))
}  // namespace v2

namespace bad {
struct Hero {
    std::int32_t x = 0;
};
GANTRY_COMPONENT_AS("test.hero", Hero, 2, GANTRY_FIELD(x))
}  // namespace bad

std::string text_of(const v1::Hero& hero) {
    return std::to_string(hero.height) + ' ' + std::to_string(hero.x) + ' ' +
           std::to_string(hero.cell >> 16) + '/' + std::to_string(hero.cell & 0xffff) + ' ' +
           std::to_string(hero.coins);
}
std::string text_of(const v2::Hero& hero) {
    return std::to_string(hero.y) + ' ' + std::to_string(hero.x) + ' ' + std::to_string(hero.row) +
           '/' + std::to_string(hero.column) + ' ' + std::to_string(hero.coins);
}
void move(v1::Hero& hero) { hero.x += 1; }
void move(v2::Hero& hero) {
    hero.x += 25;
    hero.column = 9;
}

// Parked objects are never destroyed; whoever looks for leaks finds them here.
const void* parked[2];
int parked_count = 0;

/// 1 tells of the client's hero, 2 moves it, 3 fails, 5 is a fault; each client has one, and ten
/// thousand others earn a coin with every message 4.
template <class Hero>
class Heroes : public gantry::WorldPlugin {
    void setup() override {
        expect(world().template use<Hero>());
        on_session(
            [this](gantry::SessionId, gantry::Entity entity) {
                if (!world().template all_of<Hero>(entity)) world().template emplace<Hero>(entity);
            },
            [](gantry::SessionId, gantry::Entity) {});
        on(1, [this](const gantry::Message& message) {
            return text_of(world().template get<const Hero>(message.entity));
        });
        on(2, [this](const gantry::Message& message) {
            move(world().template get<Hero>(message.entity));
        });
        on(3, [](const gantry::Message&) { throw std::runtime_error("broken"); });
        on(4, [this](const gantry::Message&) {
            std::uint64_t sum = 0;
            world().template view<Hero>().each([&](Hero& hero) { sum += ++hero.coins; });
            return std::to_string(sum);
        });
        on(6, [this](const gantry::Message&) {  // one of each full chunk goes: rows move in all
            std::vector<gantry::Entity> gone;
            world().template view<const Hero>().each_chunk(
                [&](std::span<const gantry::Entity> entities, std::span<const Hero>) {
                    if (entities.size() > 100) gone.push_back(entities.front());
                });
            world().destroy(gone);
        });
        on(5, [this](const gantry::Message& message) {
            parked[parked_count++] = this;
            std::thread{[&] { net().close(message.session); }}.join();
        });
    }
    void begin(bool fresh) override {
        for (int i = 0; fresh && i < 10'000; ++i) world().create(Hero{});
    }
};

class Spoiled final : public gantry::WorldPlugin {
    void setup() override { expect(world().use<bad::Hero>()); }
};

constexpr gantry::PluginDesc one = linked("heroes", "1.0.0", gantry::create<Heroes<v1::Hero>>);
constexpr gantry::PluginDesc two = linked("heroes", "2.0.0", gantry::create<Heroes<v2::Hero>>);
constexpr gantry::PluginDesc spoiled = linked("heroes", "2.1.0", gantry::create<Spoiled>);

}  // namespace

TEST_CASE("a swap renames, retypes and splits fields, and a rollback joins them again") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    CHECK(client.call(1, "").text == "2.000000 1.500000 3/4 10");
    const auto report = host.swap(two);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(client.call(1, "").text == "2.000000 150 3/4 10");
    client.send(2, "");
    CHECK(client.call(1, "").text == "2.000000 175 3/9 10");
    CHECK(client.call(4, "").text == "110011");
    for (int i = 0; i < 3; ++i) CHECK(client.call(3, "").status == gantry::Status::internal);
    host.settle();
    REQUIRE(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(client.call(1, "").text == "2.000000 1.750000 3/9 11");
    CHECK(client.call(4, "").text == "120012");
    CHECK_FALSE(client.closed_by_host());
}

// An operator learned of a one-way swap when he wanted to go back.
TEST_CASE("a swap says before it starts where no way leads back, and what a way back would lose") {
    const auto notes = [](std::uint32_t probation_ms) {
        TestHost host{{.plugins = {&one}, .probation_ms = probation_ms}};
        const auto report = host.swap(two);
        REQUIRE(report.outcome == SwapOutcome::committed);
        return report.notes;
    };
    const std::string narrower =
        "component test.hero: a rollback would bring the nearest f32 of what y took as f64";
    const std::string coins =
        "component test.hero: a rollback would bring the nearest u32 of what coins took as u64";
    const std::string none =
        "there is no way back from this swap: its probation is 0 ms; set probation_ms to have one";
    const auto tells = [](const std::vector<std::string>& list, const std::string& sentence) {
        return std::find(list.begin(), list.end(), sentence) != list.end();
    };
    const auto with_probation = notes(1000);
    CHECK(tells(with_probation, narrower));
    CHECK(tells(with_probation, coins));
    CHECK_FALSE(tells(with_probation, none));
    CHECK(tells(notes(0), none));
}

TEST_CASE("after its probation the older version stays refused where it would lose values") {
    TestHost host{{.plugins = {&one}, .probation_ms = 0}};
    auto client = host.connect();
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    host.advance_ms(10);
    const auto report = host.swap(one);
    CHECK(report.outcome == SwapOutcome::refused);
    CHECK(report.reason.find("cannot turn from f64 into f32 without loss") != std::string::npos);
    CHECK(client.call(1, "").text == "2.000000 150 3/4 10");
}

TEST_CASE("a retype without a declared conversion is refused with both layouts") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    const auto report = host.swap(spoiled);
    CHECK(report.outcome == SwapOutcome::refused);
    CHECK(report.reason.find("field x cannot turn from f32 into i32 without loss; the world has "
                             "test.hero v1") != std::string::npos);
    CHECK(report.reason.find("the new version brings test.hero v2, 4 bytes {x i32 at 0}") !=
          std::string::npos);
    CHECK(client.call(1, "").text == "2.000000 1.500000 3/4 10");
}

// It went back in one piece: a million rows stopped a world, and all others of its worker, for up
// to 160 ms.
TEST_CASE("on the way back the newer version serves on until the rows have their old layout") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    gantry::world::World& world = host.world();
    const auto one_turn = [&] { host.host().poll(host.clock().now()); };
    CHECK(world.roll_back("heroes", "a test says so"));
    CHECK(world.roll_back("heroes", "twice"));
    client.ask(2, "");
    client.ask(1, "");
    std::vector<Reply> answers;
    while (answers.size() < 2) {
        one_turn();
        for (Reply& answer : client.received()) answers.push_back(std::move(answer));
    }
    REQUIRE(answers.size() == 2);
    CHECK(answers[1].text == "2.000000 175 3/9 10");  // by the newer one
    CHECK_FALSE(world.holding());
    const auto refused = host.swap(two);
    CHECK(refused.outcome == SwapOutcome::refused);
    host.settle();
    CHECK(client.call(1, "").text == "2.000000 1.750000 3/9 10");
    CHECK(client.call(4, "").text == "110011");
}

TEST_CASE("after a fault a world stands still on the way back, and nothing that comes is lost") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    auto other = host.connect();
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    client.call(2, "");
    client.call(6, "");
    const auto one_turn = [&] { host.host().poll(host.clock().now()); };
    client.ask(5, "");
    while (!host.world().holding()) one_turn();
    for (int i = 0; i < 50; ++i) {
        client.ask(2, "");
        client.ask(1, "");
        other.ask(1, "");
        if (i % 10 == 0) one_turn();
    }
    host.settle();
    CHECK_FALSE(host.world().holding());
    CHECK(other.received().size() == 50);
    const auto answers = client.received();
    REQUIRE(answers.size() == 101);  // with that of the fault
    // What the crashed one alone could turn back, x and cell, is as it was at the hand-over.
    CHECK(answers.back().text == "2.000000 51.500000 3/4 10");
    host.settle();
    CHECK(host.world().entities().settled());
}

TEST_CASE("when more waits than may, a way back after a fault ends at once") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    client.call(6, "");
    client.ask(5, "");
    while (!host.world().holding()) host.host().poll(host.clock().now());
    const std::string large(60'000, 'x');
    for (int i = 0; i < 1200; ++i) {
        client.send(4, large);
        if (i % 10 == 0) host.host().poll(host.clock().now());
    }
    host.settle();
    CHECK(client.call(1, "").text == "2.000000 1.500000 3/4 1210");
}
