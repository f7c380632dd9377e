// Any bytes as a command buffer that a plugin wrote: applied or refused, never followed outside.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gantry/ecs/registry.h"
#include "host/core/assert.h"
#include "host/ecs/command_buffer.h"
#include "host/ecs/world.h"

namespace {

using namespace gantry;

struct Position {
    float x = 0, y = 0;
};
GANTRY_COMPONENT(Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
struct Burning {
    std::int32_t left = 0;
};
GANTRY_COMPONENT(Burning, 1, sparse, GANTRY_FIELD(left))
struct Frozen {};
GANTRY_TAG(Frozen)

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    limits.entities_max = 64;
    limits.archetypes_max = 6;
    limits.command_bytes_max = 1u << 16;
    ecs::World world{names, limits};
    Registry registry{world.open(1, "fuzz")};
    (void)registry.use<Position, Burning, Frozen>();
    for (int i = 0; i < 8; ++i) registry.create(Position{});
    ecs::CommandBuffer& buffer = world.commands(1);
    for (int i = 0; i < 8; ++i) (void)buffer.reserve();

    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(size, 1u << 16));
    if (buffer.grow(bytes) != Status::ok) return 0;
    if (bytes > 0) std::memcpy(buffer.data()->bytes, data, bytes);
    buffer.data()->size = bytes;
    (void)world.apply(buffer);
    GANTRY_ASSERT(buffer.empty());
    (void)world.hash();
    std::uint64_t living = 0;
    registry.view<Optional<const Position>>().each([&](Entity, const Position*) { ++living; });
    GANTRY_ASSERT(living <= world.stats().entities);
    return 0;
}
