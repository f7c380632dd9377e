// Components that the tests of this folder share.
#pragma once
#include "gantry/ecs/registry.h"
#include "host/ecs/world.h"

namespace gantry::test {

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

struct Score {
    int red = 0, blue = 0;
};
GANTRY_COMPONENT_AS("test.score", Score, 1, GANTRY_FIELD(red), GANTRY_FIELD(blue))

/// A world with one plugin in it.
struct WorldFixture {
    ecs::ComponentNames names;
    ecs::World world{names};
    Registry registry{world.open(1, "test@1#1")};
};

}  // namespace gantry::test
