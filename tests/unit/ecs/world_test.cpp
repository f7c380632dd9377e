// World: entities and components through the interface that plugins use.
#include "host/ecs/world.h"

#include <doctest/doctest.h>

#include "gantry/ecs/registry.h"

namespace {

struct Position {
    float x = 0, y = 0;
};
GANTRY_COMPONENT(Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
struct Velocity {
    float x = 1, y = 2;
};
GANTRY_COMPONENT(Velocity, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
struct Burning {
    int left = 3;
};
GANTRY_COMPONENT(Burning, 1, gantry::sparse, GANTRY_FIELD(left))
struct Health {
    int points = 100;
};
GANTRY_COMPONENT(Health, 1, gantry::replicated, GANTRY_FIELD(points))
struct Frozen {};
GANTRY_TAG(Frozen)

using namespace gantry;

struct Fixture {
    ecs::ComponentNames names;
    ecs::World world{names};
    Registry registry{world.open(1, "test@1#1")};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a view visits what has its components and lacks the excluded ones") {
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
