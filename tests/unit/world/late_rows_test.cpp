// Rows that wait for their new layout in a world: under ticks, a rollback, and plugins of older
// SDKs.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

namespace v1 {
struct Purse {
    std::int32_t coins = 1;
    std::int32_t holes = 3;
};
GANTRY_COMPONENT_AS("test.purse", Purse, 1, GANTRY_FIELD(coins), GANTRY_FIELD(holes))
}  // namespace v1
namespace v2 {
struct Purse {
    std::int64_t coins = 0;
    std::int16_t knots = 4;
};
GANTRY_COMPONENT_AS("test.purse", Purse, 2, GANTRY_FIELD(coins), GANTRY_FIELD(knots))
}  // namespace v2

/// Ten thousand purses, each of which gets a coin in every tick. 1 adds up their coins, 2 those of
/// the client's own, 3 fails.
template <class Purse>
class Purses : public gantry::WorldPlugin {
    void setup() override {
        expect(world().template use<Purse>());
        on_session(
            [this](gantry::SessionId, gantry::Entity entity) {
                if (!world().template all_of<Purse>(entity))
                    world().template emplace<Purse>(entity);
            },
            [](gantry::SessionId, gantry::Entity) {});
        system("earn", gantry::Stage::update, [this](const gantry::Tick&) {
            world().template view<Purse>().each([](Purse& purse) { ++purse.coins; });
        });
        on(1, [this](const gantry::Message&) {
            std::int64_t sum = 0;
            world().template view<const Purse>().each(
                [&](const Purse& purse) { sum += purse.coins; });
            return std::to_string(sum);
        });
        on(2, [this](const gantry::Message& message) {
            return std::to_string(world().template get<const Purse>(message.entity).coins);
        });
        on(3, [](const gantry::Message&) { throw std::runtime_error("broken"); });
    }
    void begin(bool fresh) override {
        for (int i = 0; fresh && i < 10'000; ++i) world().create(Purse{});
    }
};
constexpr gantry::PluginDesc poor = linked("purses", "1.0.0", gantry::create<Purses<v1::Purse>>);
constexpr gantry::PluginDesc rich = linked("purses", "2.0.0", gantry::create<Purses<v2::Purse>>);
/// Its SDK looked at columns whatever EcsData::layout_version said.
constexpr gantry::PluginDesc of_older_sdk = [] {
    gantry::PluginDesc desc = rich;
    desc.abi_minor = 4;
    return desc;
}();

/// Swaps, turn by turn, under ticks; how many rows waited at the commit.
std::uint64_t rows_waited(TestHost& host, const gantry::PluginDesc& next) {
    const std::uint32_t before = host.world().instances().front()->owner().generation;
    const std::uint64_t waited = host.world().entities().stats().rows_waited;
    host.host().plugins().swap_linked(std::array{&next});
    while (host.world().instances().front()->owner().generation == before) {
        host.clock().advance(gantry::ns_per_ms);
        host.host().poll(host.clock().now());
    }
    return host.world().entities().stats().rows_waited - waited;
}

}  // namespace

// What is written every tick is never caught up by a conversion beside the world: a million such
// rows were converted in the hand-over, which stopped the world, and all others of its worker.
TEST_CASE("rows that are written all the time wait at the commit, and come when they are touched") {
    TestHost host{{.plugins = {&poor}, .tick_hz = 1000}};
    auto client = host.connect();
    host.advance_ms(20);
    const auto number = [&](std::uint16_t id) { return std::stoll(client.call(id, "").text); };
    const std::int64_t sum = number(1), own = number(2);
    CHECK(rows_waited(host, rich) > 5'000);
    CHECK(number(1) - sum == 10'001 * (number(2) - own));
    host.advance_ms(5);
    CHECK(host.world().entities().settled());
    CHECK(number(1) - sum == 10'001 * (number(2) - own));

    // Back again, by the numbers: those rows, too, come on touch, and the world goes on.
    for (int i = 0; i < 3; ++i) CHECK(client.call(3, "").status == gantry::Status::internal);
    host.advance_ms(5);
    CHECK(host.world().instances().front()->owner().version == "1.0.0");
    CHECK(number(1) - sum == 10'001 * (number(2) - own));
    CHECK(host.world().entities().settled());
}

TEST_CASE("a plugin of an SDK that does not look out gets its rows at once") {
    TestHost host{{.plugins = {&poor}, .tick_hz = 1000}};
    auto client = host.connect();
    const auto number = [&](std::uint16_t id) { return std::stoll(client.call(id, "").text); };
    host.advance_ms(20);
    const std::int64_t sum = number(1), own = number(2);
    CHECK(rows_waited(host, of_older_sdk) == 0);
    CHECK(number(1) - sum == 10'001 * (number(2) - own));
}

TEST_CASE("when a probation ends before all rows have come, they come then") {
    TestHost host{{.plugins = {&poor}, .tick_hz = 1000, .probation_ms = 0}};
    auto client = host.connect();
    const auto number = [&](std::uint16_t id) { return std::stoll(client.call(id, "").text); };
    host.advance_ms(20);
    const std::int64_t sum = number(1), own = number(2);
    (void)rows_waited(host, rich);
    host.settle();
    CHECK(host.world().entities().settled());
    CHECK(number(1) - sum == 10'001 * (number(2) - own));
    const auto again = host.swap(rich);
    CHECK_MESSAGE(again.outcome == SwapOutcome::committed, again.reason);
    CHECK(number(1) - sum == 10'001 * (number(2) - own));
}

namespace {

class Nothing final : public gantry::WorldPlugin {
    void setup() override {}
};

}  // namespace

// Rows that waited when it came were read in the layout that they did not have yet.
TEST_CASE("a plugin of an SDK that does not look out finds no row that waits when it comes") {
    TestHost host{{.plugins = {&poor}, .tick_hz = 1}};
    gantry::world::World& world = host.world();
    const gantry::ecs::OwnerId leaving[] = {world.instances().front()->owner().id};
    std::unique_ptr<gantry::ecs::Migration> migration;
    gantry::ComponentTraits<v2::Purse>::with_desc([&](const gantry::ComponentDesc& desc) {
        const auto plan = world.entities().plan_migration({&desc, 1}, leaving);
        REQUIRE(plan.has_value());
        migration = std::move(world.entities().prepare(*plan).value());
        return gantry::Status::ok;
    });
    REQUIRE(migration->commit(gantry::ecs::Rest::on_touch));
    CHECK_FALSE(world.entities().settled());
    gantry::world::InstanceOrder order;
    order.owner = {9999, "older@1.0.0#1", "older", "1.0.0", 1};
    order.create = gantry::create<Nothing>;
    order.options.heeds_layout_version = false;
    CHECK(world.add(order).has_value());
    CHECK(world.entities().settled());
}
