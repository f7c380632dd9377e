// World against a naive model: random structure, commands, sparse sets, migrations and rollbacks.
#include <doctest/doctest.h>

#include <cstdlib>

#include "host/core/random.h"
#include "host/testing/seed.h"
#include "tests/unit/ecs/world_model.h"

namespace {

using namespace gantry;

struct Seeded final : test::Choices {
    explicit Seeded(std::uint64_t seed) : random{seed} {}
    std::uint32_t below(std::uint32_t limit) override {
        return static_cast<std::uint32_t>(random.below(limit));
    }
    core::Random random;
};

// GANTRY_FUZZ_RUNS makes a long run of it.
std::uint64_t runs_wanted(std::uint64_t usual) {
    const char* const text = std::getenv("GANTRY_FUZZ_RUNS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : usual;
}

std::uint64_t drive(std::uint64_t seed, std::string& error) {
    Seeded choices{seed};
    ecs::WorldLimits limits;
    limits.chunk_bytes = seed % 2 == 0 ? 4096 : 65536;
    limits.huge_pages = seed % 3 == 0;
    test::WorldDriver driver{choices, limits};
    for (int step = 0; step < 300 && driver.error().empty(); ++step) {
        driver.step();
        // It touches everything: rows that wait for their new layout shall not always be gone then.
        if (step % 20 == 19 && choices.below(3) == 0) driver.check();
    }
    if (driver.error().empty()) driver.check();
    error = driver.error();
    return driver.hash();
}

}  // namespace

TEST_CASE("a world does what a naive model of it does, whatever is done to it") {
    for (std::uint64_t run = 0; run < runs_wanted(20); ++run) {
        const std::uint64_t seed = test::seed() + run;
        CAPTURE(seed);
        std::string error;
        (void)drive(seed, error);
        REQUIRE(error == "");
    }
}

TEST_CASE("the same calls make a world with the same hash") {
    std::string error;
    CHECK(drive(test::seed(), error) == drive(test::seed(), error));
    CHECK(drive(test::seed(), error) != drive(test::seed() + 1, error));
}
