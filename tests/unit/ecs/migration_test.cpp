// Migration: what a swap does to components whose description changed, and how it is taken back.
#include "host/ecs/migration.h"

#include <doctest/doctest.h>

#include "tests/unit/ecs/components.h"

using namespace gantry;

namespace v1 {
struct Player {
    float x = 1;
    std::int32_t coins = 2;
    char name[4] = "bob";
    std::uint8_t old_mark = 9;
};
GANTRY_COMPONENT(Player, 1, GANTRY_FIELD(x), GANTRY_FIELD(coins), GANTRY_FIELD(name),
                 GANTRY_FIELD(old_mark))
}  // namespace v1

namespace v2 {
struct Player {
    std::int64_t coins = 0;
    double x = 0;
    char name[8] = "none";
    float health = 75;
};
GANTRY_COMPONENT(Player, 2, gantry::replicated, GANTRY_FIELD(coins), GANTRY_FIELD(x),
                 GANTRY_FIELD(name), GANTRY_FIELD(health))
}  // namespace v2

namespace v3 {
struct Player {
    std::int16_t coins = 0;
};
GANTRY_COMPONENT(Player, 3, GANTRY_FIELD(coins))
}  // namespace v3

namespace {

constexpr ecs::OwnerId old_owner[] = {1};

/// A world with players of version 1, and version 2 standing beside.
struct Swap {
    Swap() {
        for (int i = 0; i < 3000; ++i) {
            v1::Player player;
            player.coins = i;
            player.old_mark = static_cast<std::uint8_t>(i);
            entities.push_back(i % 2 == 0
                                   ? old.create(player)
                                   : old.create(player, test::Position{static_cast<float>(i), 0}));
        }
        old.set_resource(v1::Player{});
    }
    std::unique_ptr<ecs::Migration> prepare() {
        REQUIRE(next.use<v2::Player>() == Status::ok);
        const auto plan = world.plan_migration(2);
        REQUIRE(plan.has_value());
        auto prepared = world.prepare(*plan);
        REQUIRE(prepared.has_value());
        while (!(*prepared)->advance(500).value()) {
        }
        return std::move(*prepared);
    }

    ecs::ComponentNames names;
    ecs::World world{names};
    Registry old{world.open(1, "arena@1#1")};
    Registry next{world.open(2, "arena@2#2", old_owner)};
    std::vector<Entity> entities;
};

}  // namespace

TEST_CASE_FIXTURE(Swap, "fields come over by name: copied, widened, new by default, dropped") {
    const auto rows_before = old.view<const v1::Player>().size();
    const auto migration = prepare();
    CHECK(migration->rows() == 3000);
    const std::uint64_t hash = world.hash();
    CHECK(old.get<const v1::Player>(entities[7]).coins == 7);  // nothing has happened yet
    REQUIRE(migration->commit());
    CHECK(world.hash() != hash);
    for (int i = 0; i < 3000; ++i) {
        const auto& player = next.get<const v2::Player>(entities[static_cast<std::size_t>(i)]);
        REQUIRE(player.coins == i);
        REQUIRE(player.x == 1);
        REQUIRE(player.health == 75);
        REQUIRE(std::string_view{player.name} == "bob");
    }
    CHECK(next.get<const test::Position>(entities[7]).x == 7);
    CHECK(next.view<const v2::Player>().size() == rows_before);
    CHECK(next.resource<const v2::Player>()->health == 75);
}

TEST_CASE_FIXTURE(Swap, "a prepared migration that is dropped leaves nothing behind") {
    const std::uint64_t hash = world.hash();
    const std::uint64_t chunks = world.stats().chunks;
    prepare().reset();
    CHECK(world.hash() == hash);
    CHECK(world.stats().chunks == chunks);
    CHECK(old.get<const v1::Player>(entities[5]).coins == 5);
    CHECK(old.create(v1::Player{}));
}

TEST_CASE_FIXTURE(Swap, "rolling back at once restores the world exactly") {
    const std::uint64_t hash = world.hash();
    const auto migration = prepare();
    REQUIRE(migration->commit());
    REQUIRE(migration->rollback());
    CHECK(world.hash() == hash);
    CHECK_FALSE(migration->rollback());
}

TEST_CASE_FIXTURE(Swap,
                  "rolling back later keeps what was done since, and revives dropped fields") {
    const auto migration = prepare();
    REQUIRE(migration->commit());
    next.get<v2::Player>(entities[300]).coins = 5'000'000'000;
    next.get<v2::Player>(entities[301]).coins = -4;
    next.destroy(entities[302]);
    const Entity born = next.create(v2::Player{}, test::Position{});
    next.remove<test::Position>(entities[303]);
    REQUIRE(migration->rollback());
    world.release_owner(2);

    CHECK(old.get<const v1::Player>(entities[300]).coins == 2'147'483'647);
    CHECK(old.get<const v1::Player>(entities[301]).coins == -4);
    CHECK_FALSE(old.valid(entities[302]));
    CHECK(old.get<const v1::Player>(entities[303]).old_mark == static_cast<std::uint8_t>(303));
    CHECK(old.get<const v1::Player>(entities[299]).old_mark == static_cast<std::uint8_t>(299));
    CHECK(old.get<const v1::Player>(born).old_mark == 9);
    CHECK(std::string_view{old.get<const v1::Player>(born).name, 3} == "non");
}

TEST_CASE_FIXTURE(Swap, "a field that would lose values is refused, with both layouts") {
    CHECK(next.use<v3::Player>() == Status::ok);
    const auto plan = world.plan_migration(2);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().status == Status::refused);
    CHECK(plan.error().message ==
          "component Player: field coins cannot turn from i32 into i16 without loss; the world has "
          "Player v1, 16 bytes {x f32 at 0, coins i32 at 4, name text[4] at 8, old_mark u8 at 12}, "
          "the "
          "new version brings Player v3, 2 bytes {coins i16 at 0}");
}

TEST_CASE_FIXTURE(Swap, "somebody outside the swap who uses the old layout is named") {
    Registry bystander{world.open(3, "chat@1#1")};
    CHECK(bystander.use<v1::Player>() == Status::ok);
    CHECK(next.use<v2::Player>() == Status::refused);
    const auto plan = ComponentTraits<v2::Player>::with_desc([&](const ComponentDesc& desc) {
        return world.plan_migration({&desc, 1}, old_owner);
    });
    REQUIRE_FALSE(plan);
    CHECK(plan.error().message.find("chat@1#1 uses it") != std::string::npos);
    world.release_owner(3);
    CHECK(next.use<v2::Player>() == Status::ok);
}

TEST_CASE_FIXTURE(Swap, "somebody who came to the new layout keeps it from being rolled back") {
    const auto migration = prepare();
    REQUIRE(migration->commit());
    Registry late{world.open(3, "chat@2#1")};
    CHECK(late.use<v2::Player>() == Status::ok);
    const auto refused = migration->rollback();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("chat@2#1 has come since") != std::string::npos);
    constexpr ecs::OwnerId late_owner[] = {3};
    CHECK(migration->rollback(late_owner));
}

TEST_CASE_FIXTURE(Swap, "what happens between prepare and commit is taken over") {
    const auto migration = prepare();
    const std::uint64_t rows = migration->rows();
    old.destroy(entities[0]);
    old.get<v1::Player>(entities[1]).coins = -1;
    const Entity born = old.create(v1::Player{.coins = 77}, test::Velocity{});
    old.remove<test::Position>(entities[3]);
    REQUIRE(migration->commit());
    CHECK(migration->rows() > rows);
    CHECK_FALSE(next.valid(entities[0]));
    CHECK(next.get<const v2::Player>(entities[1]).coins == -1);
    CHECK(next.get<const v2::Player>(born).coins == 77);
    CHECK(next.get<const v2::Player>(entities[3]).coins == 3);
    CHECK(next.get<const v2::Player>(entities[2999]).coins == 2999);
}

TEST_CASE_FIXTURE(Swap, "somebody who came to the old layout meanwhile keeps it from committing") {
    const auto migration = prepare();
    Registry late{world.open(3, "chat@1#1")};
    CHECK(late.use<v1::Player>() == Status::ok);
    const auto refused = migration->commit();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("chat@1#1 has come since") != std::string::npos);
    CHECK(old.get<const v1::Player>(entities[5]).coins == 5);
}

TEST_CASE_FIXTURE(Swap, "a later pass converts only the chunks that were written since") {
    std::vector<Entity> more(50'000);
    for (Entity& entity : more) entity = old.create(v1::Player{});
    constexpr std::uint64_t all = 53'000;
    const std::uint64_t chunk_rows = all / world.stats().chunks;
    REQUIRE(next.use<v2::Player>() == Status::ok);
    const auto migration = std::move(*world.prepare(*world.plan_migration(2)));
    CHECK_FALSE(migration->advance(1'000'000).value());
    CHECK(migration->rows() == all);

    // Far apart, so in three chunks; each is converted whole, and nothing else.
    for (const std::size_t i : {100u, 25'000u, 49'000u}) old.get<v1::Player>(more[i]).coins = 77;
    while (!migration->advance(500).value()) {
    }
    const std::uint64_t again = migration->rows() - all;
    CHECK(again > 3);
    CHECK(again <= 3 * 2 * chunk_rows);

    const std::uint64_t before = migration->rows();
    REQUIRE(migration->commit());
    CHECK(migration->rows() == before);  // nothing was left for it
    CHECK(next.get<const v2::Player>(more[25'000]).coins == 77);
    CHECK(next.get<const v2::Player>(more[24'000]).coins == 2);
}

TEST_CASE_FIXTURE(Swap,
                  "a column written before every slice does not keep the passes from ending") {
    REQUIRE(next.use<v2::Player>() == Status::ok);
    const auto prepared = world.prepare(world.plan_migration(2).value());
    REQUIRE(prepared.has_value());
    int slices = 0;
    for (bool over = false; !over; ++slices) {
        REQUIRE(slices < 1000);
        old.view<v1::Player>().each([](v1::Player& player) { ++player.coins; });
        over = (*prepared)->advance(100).value();
    }
    REQUIRE((*prepared)->commit());
    CHECK(next.get<const v2::Player>(entities[7]).coins == 7 + slices);
    CHECK(next.get<const v2::Player>(entities[2998]).coins == 2998 + slices);
}

TEST_CASE_FIXTURE(Swap, "two migrations prepared at once are committed one after the other") {
    struct Wide {
        double x = 0, y = 0;
    };
    const auto first = prepare();
    const FieldDesc fields[] = {{"x", 0, 1, FieldKind::f64, {}}, {"y", 8, 1, FieldKind::f64, {}}};
    ComponentDesc wide;
    wide.name = "Position";
    wide.version = 2;
    wide.size = sizeof(Wide);
    wide.align = alignof(Wide);
    wide.fields = fields;
    wide.field_count = 2;
    const auto second =
        std::move(world.prepare(world.plan_migration({&wide, 1}, old_owner).value()).value());
    REQUIRE(second != nullptr);
    REQUIRE(second->advance(1000).has_value());
    REQUIRE(first->commit());
    REQUIRE(second->commit());
    const ComponentId position = world.find_component("Position");
    CHECK(static_cast<const Wide*>(world.get(entities[2999], position))->x == 2999);
    CHECK(next.get<const v2::Player>(entities[2999]).coins == 2999);
    REQUIRE(first->rollback());
    REQUIRE(second->rollback());
    CHECK(old.get<const v1::Player>(entities[2999]).coins == 2999);
    CHECK(old.get<const test::Position>(entities[2999]).x == 2999);
}

TEST_CASE_FIXTURE(Swap, "commands still to be applied hold a migration off") {
    CHECK(next.use<v2::Player>() == Status::ok);
    old.commands().destroy(entities[0]);
    const auto plan = world.plan_migration(2);
    REQUIRE(plan);
    const auto prepared = world.prepare(*plan);
    REQUIRE_FALSE(prepared);
    CHECK(prepared.error().message.find("arena@1#1 has commands") != std::string::npos);
    CHECK(old.flush() == Status::ok);
    CHECK(world.prepare(*plan));
}

TEST_CASE_FIXTURE(Swap, "an unchanged layout needs no migration") {
    CHECK(next.use<v1::Player, test::Position>() == Status::ok);
    const auto plan = world.plan_migration(2);
    REQUIRE(plan);
    CHECK(plan->empty());
    CHECK(plan->text() == "");
}

TEST_CASE_FIXTURE(Swap, "queries, views and changes go on over a migration and its acceptance") {
    auto view = [&] { return old.view<const test::Position>().size(); };
    CHECK(view() == 1500);
    const auto migration = prepare();
    REQUIRE(migration->commit());
    const std::uint64_t held = world.stats().memory_bytes;
    migration->accept();
    CHECK(world.stats().memory_bytes < held);
    CHECK(view() == 1500);
    double sum = 0;
    next.view<v2::Player, const test::Position>().each(
        [&](v2::Player& player, const test::Position& p) {
            player.x += 1;
            sum += player.x - p.y;
        });
    CHECK(sum == 3000);
    std::vector<Entity> changed;
    CHECK(world.collect_changed(next.id<v2::Player>(), changed) == Status::ok);
    CHECK(changed.size() == 3000);
    next.destroy(entities);
    CHECK(world.stats().entities == 0);
}
