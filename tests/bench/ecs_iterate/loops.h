// What the library of the benchmark offers to its program.
#pragma once
#include <cstdint>

#include "gantry/ecs.h"

/// Position += velocity, `passes` times; answers a sum that keeps the work from being left out.
struct Loops {
    /// Fills a world with `rows` entities, and an array with as many values.
    void (*open)(gantry::Ecs* ecs, std::uint32_t rows);
    void (*view)(std::uint32_t passes);
    void (*array)(std::uint32_t passes);
    double (*view_sum)();
    double (*array_sum)();
    void (*close)();
};
