// Owners of a world: shared descriptions, refusals by name, and what leaves with an owner.
#include <doctest/doctest.h>

#include "host/core/log.h"
#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

namespace other {
struct Position {
    double x = 0;
    float y = 0;
    float pad = 0;
};
GANTRY_COMPONENT(Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y), GANTRY_FIELD(pad))
}  // namespace other

namespace {

struct LogLines {
    LogLines() {
        log::capture(
            [](void* self, log::Level, std::string_view line) {
                static_cast<LogLines*>(self)->text += std::string{line} + '\n';
            },
            this);
    }
    ~LogLines() { log::capture(nullptr, nullptr); }
    bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
    std::string text;
};

}  // namespace

TEST_CASE_FIXTURE(WorldFixture, "plugins share a component when their descriptions agree") {
    Registry second{world.open(2, "chat@1#1")};
    CHECK(registry.id<Position>() == second.id<Position>());
    const Entity entity = registry.create(Position{4, 5});
    CHECK(second.get<const Position>(entity).y == 5);
}

TEST_CASE_FIXTURE(WorldFixture,
                  "a description that disagrees is refused, naming both and the field") {
    const LogLines lines;
    CHECK(registry.use<Position>() == Status::ok);
    Registry second{world.open(2, "chat@1#1")};
    CHECK(second.use<other::Position>() == Status::refused);
    CHECK(lines.has("test@1#1"));
    CHECK(lines.has("chat@1#1"));
    CHECK(lines.has("field x is f32 at 0 here and f64 at 0 there"));
    CHECK_THROWS_AS(second.create(other::Position{}), EcsError);
}

TEST_CASE_FIXTURE(WorldFixture, "entities outlive their plugin, and its layout is still guarded") {
    const Entity entity = registry.create(Position{4, 5});
    CHECK(world.owned(1) == 1);
    world.release_owner(1);
    CHECK(world.owned(1) == 0);
    CHECK(world.valid(entity));
    const LogLines lines;
    Registry second{world.open(2, "chat@1#1")};
    CHECK(second.use<other::Position>() == Status::refused);
    CHECK(lines.has("the stored entities"));
    CHECK(second.get<const Position>(entity).x == 4);
}

TEST_CASE_FIXTURE(WorldFixture, "queries leave with their last owner") {
    Registry second{world.open(2, "chat@1#1")};
    registry.create(Position{}, Velocity{});
    CHECK(registry.view<Position, const Velocity>().size() == 1);
    CHECK(second.view<Position, const Velocity>().size() == 1);
    CHECK(world.stats().queries == 1);
    world.release_owner(1);
    CHECK(world.stats().queries == 1);
    second.create(Position{}, Velocity{}, Frozen{});  // a new archetype finds the query
    CHECK(second.view<Position, const Velocity>().size() == 2);
    world.release_owner(2);
    CHECK(world.stats().queries == 0);
    CHECK(world.create({}).has_value());
}

TEST_CASE("ids are one per name in all worlds of a host, layouts are each world's own") {
    ecs::ComponentNames names;
    ecs::World one{names};
    ecs::World two{names};
    Registry a{one.open(1, "a")};
    Registry b{two.open(1, "b")};
    b.use<Velocity, Frozen>();
    CHECK(a.use<Position>() == Status::ok);
    CHECK(b.use<other::Position>() == Status::ok);
    CHECK(a.id<Position>() == b.id<other::Position>());
    CHECK(names.name(a.id<Position>()) == "Position");
    CHECK(one.find_component("Velocity") == no_component);
    CHECK(two.find_component("Velocity") == names.find("Velocity"));
}

TEST_CASE("each limit of a world answers with a status, changes nothing and is counted") {
    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    limits.entities_max = 10;
    limits.components_max = 3;
    limits.archetypes_max = 3;
    limits.queries_max = 1;
    limits.command_bytes_max = 256;
    ecs::World world{names, limits};
    Registry registry{world.open(1, "test")};
    const LogLines lines;
    CHECK(registry.use<Position, Velocity, Frozen>() == Status::ok);
    CHECK(registry.use<Health>() == Status::limit);
    const Entity first = registry.create(Position{});
    registry.emplace<Velocity>(first);
    CHECK_THROWS_AS(registry.emplace<Frozen>(first), EcsError);
    CHECK(registry.all_of<Position, Velocity>(first));
    for (int i = 1; i < 10; ++i) registry.create(Position{});
    CHECK_THROWS_AS(registry.create(Position{}), EcsError);
    CHECK_FALSE(registry.commands().create(Position{}));
    CHECK(world.stats().entities == 10);
    CHECK(registry.destroy(first));
    CHECK(registry.valid(registry.create(Position{})));
    (void)registry.view<Position>();
    CHECK_THROWS_AS((void)registry.view<Velocity>(), EcsError);
    CHECK(registry.flush() == Status::ok);
    int recorded = 0;
    while (recorded < 100 && registry.commands().emplace(first, Position{})) ++recorded;
    CHECK(recorded == 8);
    CHECK(world.stats().commands_lost == 1);
    CHECK(world.stats().limit_refusals == 6);
}
