// RowSample: real rows of a world in another one that lays them out alike.
#include "host/ecs/row_sample.h"

#include <doctest/doctest.h>

#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

namespace {

struct Larger {
    double x = 0;
};
GANTRY_COMPONENT_AS("Position", Larger, 2, GANTRY_FIELD(x))

}  // namespace

TEST_CASE_FIXTURE(WorldFixture, "the first rows of what an owner uses come along, and no more") {
    for (int i = 0; i < 100; ++i) {
        const Entity one = registry.create(Position{static_cast<float>(i), 0}, Frozen{});
        if (i % 10 == 0) registry.emplace<Burning>(one, Burning{i});
    }
    registry.use<Health>();  // nobody has any
    Registry other{world.open(2, "other@1#1")};
    other.create(Velocity{});

    const auto samples = ecs::sample_rows(world, "test@1#1");
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].component == "Position");
    CHECK(samples[0].rows.size() == ecs::sample_rows_max * sizeof(Position));
    CHECK(samples[1].component == "Burning");
    CHECK(samples[1].rows.size() == 10 * sizeof(Burning));
    CHECK(ecs::sample_rows(world, "nobody@1#1").empty());

    ecs::World next{names};
    Registry there{next.open(1, "test@1#1")};
    CHECK(ecs::put_rows(next, samples[0]).empty());  // not known there
    there.use<Position, Burning>();
    const auto positions = ecs::put_rows(next, samples[0]);
    REQUIRE(positions.size() == ecs::sample_rows_max);
    CHECK(there.get<const Position>(positions[7]).x == 7);
    const auto burning = ecs::put_rows(next, samples[1]);
    REQUIRE(burning.size() == 10);
    CHECK(there.get<const Burning>(burning[3]).left == 30);

    ecs::World changed{names};
    Registry of_another_layout{changed.open(1, "test@2#1")};
    of_another_layout.use<Larger>();
    CHECK(ecs::put_rows(changed, samples[0]).empty());
}
