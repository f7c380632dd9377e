// Inspection: what an operator's page can ask of a world.
#include "host/ecs/inspect.h"

#include <doctest/doctest.h>

#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

TEST_CASE_FIXTURE(WorldFixture,
                  "archetypes, components and entities are listed with their numbers") {
    for (int i = 0; i < 50; ++i) registry.create(Position{}, Velocity{});
    const Entity burning = registry.create(Position{1.5f, 2}, Burning{});
    const auto archetypes = ecs::list_archetypes(world);
    REQUIRE(archetypes.size() == 3);  // the empty one, {Position, Velocity}, {Position}
    CHECK(archetypes[1].rows == 50);
    CHECK(archetypes[1].chunks == 1);
    CHECK(archetypes[2].components == std::vector<ComponentId>{registry.id<Position>()});

    const auto components = ecs::list_components(world);
    REQUIRE(components.size() == 3);
    CHECK(components[0].schema->name == "Position");
    CHECK(components[0].rows == 51);
    CHECK(components[0].users == std::vector<std::string>{"test@1#1"});
    CHECK(components[2].rows == 1);

    CHECK(ecs::list_entities(world, 0, 1000).size() == 51);
    CHECK(ecs::list_entities(world, 45, 3).size() == 3);
    CHECK(ecs::list_entities(world, 50, 10) == std::vector<Entity>{burning});
    CHECK(ecs::list_entities(world, 51, 10).empty());

    CHECK(ecs::components_of(world, burning) ==
          std::vector<ComponentId>{registry.id<Position>(), registry.id<Burning>()});
    const auto fields = ecs::fields_of(world, burning, registry.id<Position>());
    REQUIRE(fields.size() == 2);
    CHECK(fields[0].name == "x");
    CHECK(fields[0].text == "1.5");
    CHECK(ecs::fields_of(world, burning, registry.id<Velocity>()).empty());

    registry.set_resource(Score{3, 4});
    CHECK(ecs::fields_of_resource(world, registry.id<Score>())[1].text == "4");
    registry.destroy(burning);
    CHECK(ecs::components_of(world, burning).empty());
}
