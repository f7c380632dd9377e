// Commands: recorded in loops, applied in order; and buffers whose bytes make no sense.
#include <doctest/doctest.h>

#include <cstring>

#include "host/ecs/command_buffer.h"
#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

namespace {

/// Puts a record into a buffer as a plugin would, whatever it says.
void put(ecs::CommandBuffer& buffer, CommandHead head, std::string_view value) {
    const auto bytes = static_cast<std::uint32_t>(sizeof head + (value.size() + 7) / 8 * 8);
    REQUIRE(buffer.grow(bytes) == Status::ok);
    CommandData& data = *buffer.data();
    std::memset(data.bytes + data.size, 0, bytes);
    std::memcpy(data.bytes + data.size, &head, sizeof head);
    std::memcpy(data.bytes + data.size + sizeof head, value.data(), value.size());
    data.size += bytes;
}

}  // namespace

TEST_CASE_FIXTURE(WorldFixture,
                  "commands change nothing until they are applied, then in their order") {
    const Entity entity = registry.create(Position{});
    Commands commands = registry.commands();
    const Entity spawned = commands.create(Position{7, 8}, Burning{9}, Frozen{});
    CHECK(commands.emplace(entity, Velocity{5, 5}));
    CHECK(commands.emplace(entity, Velocity{6, 6}));
    CHECK(commands.remove<Position>(entity));
    CHECK(registry.valid(spawned));
    CHECK_FALSE(registry.any_of<Position, Burning>(spawned));
    CHECK_FALSE(registry.all_of<Velocity>(entity));

    CHECK(registry.flush() == Status::ok);
    CHECK(registry.get<const Position>(spawned).y == 8);
    CHECK(registry.get<const Burning>(spawned).left == 9);
    CHECK(registry.all_of<Frozen>(spawned));
    CHECK(registry.get<const Velocity>(entity).x == 6);
    CHECK_FALSE(registry.all_of<Position>(entity));
    CHECK(world.stats().commands_applied == 4);
}

TEST_CASE_FIXTURE(WorldFixture, "an entity that a command makes may be changed by the next ones") {
    Commands commands = registry.commands();
    const Entity bare = commands.create();
    const Entity doomed = commands.create(Position{});
    CHECK(commands.emplace(bare, Position{1, 1}));
    CHECK(commands.destroy(doomed));
    CHECK(commands.emplace(doomed, Velocity{}));  // does nothing
    CHECK(registry.flush() == Status::ok);
    CHECK(registry.get<const Position>(bare).x == 1);
    CHECK_FALSE(registry.valid(doomed));
    CHECK(world.stats().commands_skipped == 1);
}

TEST_CASE_FIXTURE(WorldFixture, "thousands of commands recorded in a loop are applied in bulk") {
    for (int i = 0; i < 10'000; ++i) registry.create(Position{static_cast<float>(i), 0});
    registry.view<const Position>().each([&](Entity entity, const Position& p) {
        if (static_cast<int>(p.x) % 2 == 0) {
            registry.commands().emplace(entity, Velocity{p.x, 0});
        } else {
            registry.commands().destroy(entity);
        }
    });
    CHECK(registry.flush() == Status::ok);
    CHECK(registry.view<const Position>().size() == 5000);
    std::size_t right = 0;
    registry.view<const Position, const Velocity>().each(
        [&](const Position& p, const Velocity& v) { right += p.x == v.x; });
    CHECK(right == 5000);
}

TEST_CASE_FIXTURE(WorldFixture,
                  "a buffer that makes no sense is refused where it stops making sense") {
    const Entity entity = registry.create(Position{});
    const ComponentId position = registry.id<Position>();
    ecs::CommandBuffer& buffer = world.commands(1);
    const auto apply = [&](CommandHead head, std::string_view value) {
        put(buffer, head, value);
        const Status status = world.apply(buffer);
        CHECK(buffer.empty());
        return status;
    };
    const std::string_view eight = "12345678";
    CHECK(apply({CommandOp::add, position, 8, 32, entity}, eight) == Status::ok);
    CHECK(apply({CommandOp::add, position, 4, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::add, position, 8, 40, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::add, position, 0xffffffff, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::add, 77, 8, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::remove, 77, 8, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp{9}, position, 8, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::spawn, 0xffffffff, 8, 32, entity}, eight) == Status::invalid);
    CHECK(apply({CommandOp::spawn, 1, 8, 32, entity}, eight) == Status::invalid);
    CHECK(registry.valid(entity));

    // A spawn on a handle that is in use, twice: skipped, not taken over.
    CHECK(apply({CommandOp::spawn, 0, 0, 24, entity}, "") == Status::ok);
    CHECK(registry.all_of<Position>(entity));
    put(buffer, {CommandOp::destroy, no_component, 0, 24, entity}, "");
    buffer.data()->size -= 8;  // cut off
    CHECK(world.apply(buffer) == Status::invalid);
    CHECK(registry.valid(entity));
}

TEST_CASE_FIXTURE(WorldFixture, "a handle that is spawned twice gets one row") {
    ecs::CommandBuffer& buffer = world.commands(1);
    const Entity entity = buffer.reserve();
    put(buffer, {CommandOp::spawn, 0, 0, 24, entity}, "");
    put(buffer, {CommandOp::spawn, 0, 0, 24, entity}, "");
    CHECK(world.apply(buffer) == Status::ok);
    CHECK(registry.view<Optional<const Position>>().size() == 1);
    CHECK(world.stats().commands_skipped == 1);
}

TEST_CASE_FIXTURE(WorldFixture, "buffers of several owners are applied in the order of opening") {
    Registry second{world.open(2, "second")};
    const Entity entity = registry.create();
    second.commands().emplace(entity, Score{2, 2});
    registry.commands().emplace(entity, Score{1, 1});
    CHECK(world.apply_all() == Status::ok);
    CHECK(registry.get<const Score>(entity).red == 2);
}
