// World and Registry: entities, components, views and resources as a plugin meets them.
#include "host/ecs/world.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

TEST_CASE_FIXTURE(WorldFixture,
                  "a view visits what has its components and lacks the excluded ones") {
    const Entity moving = registry.create(Position{1, 1}, Velocity{});
    const Entity frozen = registry.create(Position{1, 1}, Velocity{}, Frozen{});
    registry.create(Position{5, 5});
    registry.view<Position, const Velocity>(exclude<Frozen>)
        .each([](Position& p, const Velocity& v) { p.x += v.x; });
    CHECK(registry.get<const Position>(moving).x == 2);
    CHECK(registry.get<const Position>(frozen).x == 1);
    CHECK(registry.view<const Position>().size() == 3);
    CHECK(registry.view<const Position, Frozen>().size() == 1);
}

TEST_CASE_FIXTURE(WorldFixture,
                  "a loop is called with the entity, with pointers for what is optional") {
    const Entity with = registry.create(Position{}, Velocity{});
    const Entity without = registry.create(Position{});
    std::set<std::uint64_t> seen;
    registry.view<Position, Optional<const Velocity>, Optional<Frozen>>().each(
        [&](Entity entity, Position&, const Velocity* v, Frozen* f) {
            seen.insert(entity.value);
            CHECK((v != nullptr) == (entity == with));
            CHECK(f == nullptr);
        });
    CHECK(seen == std::set<std::uint64_t>{with.value, without.value});
}

TEST_CASE_FIXTURE(WorldFixture, "sparse components join views, as included and as excluded") {
    const Entity burning = registry.create(Position{1, 0}, Burning{});
    const Entity both = registry.create(Position{2, 0}, Burning{}, Frozen{});
    const Entity cold = registry.create(Position{3, 0});
    int calls = 0;
    registry.view<Position, Burning>(exclude<Frozen>)
        .each([&](Entity entity, Position& p, Burning& b) {
            CHECK(entity == burning);
            p.x += static_cast<float>(--b.left);
            ++calls;
        });
    CHECK(calls == 1);
    CHECK(registry.get<const Position>(burning).x == 3);
    float sum = 0;
    registry.view<const Position>(exclude<Burning>).each([&](const Position& p) { sum += p.x; });
    CHECK(sum == 3);
    CHECK(registry.view<const Position>(exclude<Burning>).size() == 1);
    CHECK(registry.view<const Burning>().size() == 2);
    CHECK(registry.destroy(both));
    CHECK(registry.view<const Burning>().size() == 1);
    CHECK(registry.remove<Burning>(burning));
    CHECK_FALSE(registry.remove<Burning>(burning));
    CHECK(registry.valid(cold));
}

TEST_CASE_FIXTURE(WorldFixture,
                  "a handle of a destroyed entity stays dead when its index is used again") {
    const Entity first = registry.create(Position{});
    CHECK(registry.destroy(first));
    const Entity second = registry.create(Position{});
    CHECK(detail::entity_index(first) == detail::entity_index(second));
    CHECK_FALSE(registry.valid(first));
    CHECK(registry.try_get<Position>(first) == nullptr);
    CHECK_FALSE(registry.destroy(first));
    CHECK_THROWS_AS(registry.get<Position>(first), EcsError);
    CHECK_FALSE(registry.valid(Entity{}));
    CHECK_FALSE(registry.valid(Entity{~std::uint64_t{0}}));
    CHECK(registry.valid(second));
}

TEST_CASE_FIXTURE(WorldFixture, "emplace, replace, remove and the questions about them") {
    const Entity entity = registry.create();
    CHECK(registry.emplace<Velocity>(entity).x == 1);
    CHECK_THROWS_AS(registry.emplace<Velocity>(entity), EcsError);
    CHECK(registry.emplace_or_replace<Velocity>(entity, 8.f, 9.f).y == 9);
    registry.emplace<Frozen>(entity);
    CHECK(registry.all_of<Velocity, Frozen>(entity));
    CHECK_FALSE(registry.all_of<Velocity, Position>(entity));
    CHECK(registry.any_of<Velocity, Position>(entity));
    CHECK(registry.remove<Velocity>(entity));
    CHECK_FALSE(registry.remove<Velocity>(entity));
    CHECK(registry.all_of<Frozen>(entity));
}

TEST_CASE_FIXTURE(WorldFixture, "columns of a chunk come as spans at a 64-byte boundary") {
    for (int i = 0; i < 5000; ++i) registry.create(Position{static_cast<float>(i), 0}, Velocity{});
    std::size_t rows = 0;
    registry.view<Position, const Velocity>().each_chunk(
        [&](std::span<const Entity> entities, std::span<Position> p, std::span<const Velocity> v) {
            CHECK(entities.size() == p.size());
            CHECK(v.size() == p.size());
            CHECK(reinterpret_cast<std::uintptr_t>(p.data()) % 64 == 0);
            rows += p.size();
        });
    CHECK(rows == 5000);
}

TEST_CASE_FIXTURE(WorldFixture,
                  "structure does not change inside a loop, and commands do it after") {
    const Entity entity = registry.create(Position{});
    registry.view<Position>().each([&](Entity one, Position&) {
        CHECK_FALSE(registry.destroy(one));
        CHECK_THROWS_AS(registry.create(Position{}), EcsError);
        CHECK_THROWS_AS(registry.emplace<Velocity>(one), EcsError);
        CHECK(registry.flush() == Status::ok);  // nothing recorded yet
        CHECK(registry.commands().destroy(one));
        CHECK(registry.flush() == Status::refused);
    });
    CHECK(registry.valid(entity));
    CHECK(world.stats().loop_refusals == 4);
    CHECK(registry.flush() == Status::ok);
    CHECK_FALSE(registry.valid(entity));
}

TEST_CASE_FIXTURE(WorldFixture, "only chunks that were written since a mark are visited again") {
    const Entity entity = registry.create(Position{}, Velocity{});
    const auto visits = [&](std::uint64_t since) {
        int count = 0;
        registry.view<const Position>().changed_since(since).each(
            [&](const Position&) { ++count; });
        return count;
    };
    const std::uint64_t before = registry.mark();
    CHECK(visits(before) == 0);
    (void)registry.get<const Position>(entity);
    (void)registry.get<Velocity>(entity);
    CHECK(visits(before) == 0);
    registry.get<Position>(entity).x = 1;
    CHECK(visits(before) == 1);
    const std::uint64_t after = registry.mark();
    CHECK(visits(after) == 0);
    registry.view<Position>().each([](Position& p) { p.x = 2; });
    CHECK(visits(after) == 1);
}

TEST_CASE_FIXTURE(WorldFixture, "changed rows of a replicated component are listed once") {
    std::vector<Entity> all;
    for (int i = 0; i < 100; ++i) all.push_back(registry.create(Health{}));
    std::vector<Entity> changed;
    CHECK(world.collect_changed(registry.id<Health>(), changed) == Status::ok);
    CHECK(changed.size() == 100);
    registry.get<Health>(all[7]).points = 1;
    registry.get<Health>(all[70]).points = 1;
    registry.destroy(all[3]);  // the last row takes its place, and has not changed
    changed.clear();
    CHECK(world.collect_changed(registry.id<Health>(), changed) == Status::ok);
    CHECK(changed == std::vector<Entity>{all[7], all[70]});
    registry.view<Health>().each([](Health& h) { --h.points; });
    changed.clear();
    CHECK(world.collect_changed(registry.id<Health>(), changed) == Status::ok);
    CHECK(changed.size() == 99);
    CHECK(world.collect_changed(registry.id<Velocity>(), changed) == Status::invalid);
}

TEST_CASE_FIXTURE(WorldFixture, "a resource is the world's, with its defaults until it is set") {
    CHECK(registry.resource<Score>() == nullptr);
    Score& score = registry.init_resource<Score>();
    CHECK(score.red == 0);
    score.red = 5;
    CHECK(registry.init_resource<Score>().red == 5);
    world.release_owner(1);
    Registry next{world.open(2, "test@2#1")};
    REQUIRE(next.resource<const Score>() != nullptr);
    CHECK(next.resource<const Score>()->red == 5);
    next.set_resource(Score{1, 2});
    CHECK(next.resource<Score>()->blue == 2);
    CHECK(next.remove_resource<Score>());
    CHECK_FALSE(next.remove_resource<Score>());
}

TEST_CASE_FIXTURE(WorldFixture, "the access of a system follows from the types it names") {
    const SystemAccess access = registry.access<Position, const Velocity, Frozen>();
    CHECK(access.writes == std::vector<ComponentId>{registry.id<Position>()});
    CHECK(access.reads == std::vector<ComponentId>{registry.id<Velocity>(), registry.id<Frozen>()});
}

TEST_CASE("bulk and one by one come to the same hash, and any difference shows in it") {
    ecs::ComponentNames names;
    ecs::World one{names};
    ecs::World many{names};
    Registry a{one.open(1, "a")};
    Registry b{many.open(1, "b")};
    std::vector<Entity> entities;
    for (int i = 0; i < 300; ++i) {
        entities.push_back(a.create(Position{1, 2}));
        a.emplace<Velocity>(entities.back());
        b.create(Position{1, 2});
    }
    CHECK(one.hash() != many.hash());
    b.insert(std::span<const Entity>{entities}, Velocity{});
    CHECK(one.hash() == many.hash());
    a.get<Position>(entities[9]).x = 7;
    CHECK(one.hash() != many.hash());
    a.get<Position>(entities[9]).x = 1;
    CHECK(one.hash() == many.hash());
    a.set_resource(Score{});
    CHECK(one.hash() != many.hash());
}
