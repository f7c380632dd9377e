// The loops of ecs_iterate, compiled as a plugin's code is: far from the world.
#include "tests/bench/ecs_iterate/loops.h"

#include <cstdlib>
#include <memory>
#include <optional>

#include "gantry/ecs/registry.h"

namespace {

struct Position {
    float x = 0, y = 0;
};
GANTRY_COMPONENT_AS("bench.position", Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
struct Velocity {
    float x = 0, y = 0;
};
GANTRY_COMPONENT_AS("bench.velocity", Velocity, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))

constexpr float step_s = 0.016f;

template <class T>
struct AlignedArray {
    explicit AlignedArray(std::size_t count)
        : values{static_cast<T*>(std::aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64))} {}
    ~AlignedArray() { std::free(values); }
    AlignedArray(const AlignedArray&) = delete;
    AlignedArray& operator=(const AlignedArray&) = delete;

    T* values;
};

struct State {
    State(gantry::Ecs& ecs, std::uint32_t count) : registry{ecs}, rows{count}, p{count}, v{count} {}
    gantry::Registry registry;
    std::uint32_t rows;
    AlignedArray<Position> p;
    AlignedArray<Velocity> v;
};
std::optional<State> state;

Velocity velocity_of(std::uint32_t row) {
    return {static_cast<float>(row % 7), static_cast<float>(row % 5)};
}

void open(gantry::Ecs* ecs, std::uint32_t rows) {
    state.emplace(*ecs, rows);
    for (std::uint32_t row = 0; row < rows; ++row) {
        state->p.values[row] = Position{};
        state->v.values[row] = velocity_of(row);
        state->registry.create(Position{}, velocity_of(row));
    }
}

void run_view(std::uint32_t passes) {
    for (std::uint32_t pass = 0; pass < passes; ++pass) {
        state->registry.view<Position, const Velocity>().each([](Position& p, const Velocity& v) {
            p.x += v.x * step_s;
            p.y += v.y * step_s;
        });
    }
}

void array_pass(Position* __restrict p, const Velocity* __restrict v, std::size_t count) {
    p = std::assume_aligned<64>(p);
    v = std::assume_aligned<64>(v);
    for (std::size_t i = 0; i < count; ++i) {
        p[i].x += v[i].x * step_s;
        p[i].y += v[i].y * step_s;
    }
}

void run_array(std::uint32_t passes) {
    for (std::uint32_t pass = 0; pass < passes; ++pass) {
        array_pass(state->p.values, state->v.values, state->rows);
        asm volatile("" ::: "memory");  // each pass is a tick of its own
    }
}

double view_sum() {
    double sum = 0;
    state->registry.view<const Position>().each([&](const Position& p) { sum += p.x + p.y; });
    return sum;
}

double array_sum() {
    double sum = 0;
    for (std::uint32_t i = 0; i < state->rows; ++i) {
        sum += state->p.values[i].x + state->p.values[i].y;
    }
    return sum;
}

void close() { state.reset(); }

}  // namespace

extern "C" __attribute__((visibility("default")))
const Loops gantry_bench_loops{open, run_view, run_array, view_sum, array_sum, close};
