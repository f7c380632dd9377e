// Bytes as a list of things to do to a world: it must go on doing what a naive model does.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "host/core/assert.h"
#include "tests/unit/ecs/world_model.h"

using namespace gantry;

namespace {

struct FromBytes final : test::Choices {
    FromBytes(const std::uint8_t* bytes, std::size_t count) : at{bytes}, end{bytes + count} {}
    // One byte or two, as the limit needs; zero after the end.
    std::uint32_t below(std::uint32_t limit) override {
        std::uint32_t value = next();
        if (limit > 256) value = value << 8 | next();
        return value % limit;
    }
    std::uint32_t next() { return at < end ? *at++ : 0; }

    const std::uint8_t* at;
    const std::uint8_t* end;
};

constexpr int steps_max = 100;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FromBytes choices{data, size};
    ecs::WorldLimits limits;
    limits.chunk_bytes = 4096;
    limits.huge_pages = false;
    test::WorldDriver driver{choices, limits};
    for (int step = 0; step < steps_max && choices.at < choices.end; ++step) driver.step();
    driver.check();
    if (!driver.error().empty()) std::fprintf(stderr, "%s\n", driver.error().c_str());
    GANTRY_ASSERT(driver.error().empty());
    return 0;
}
