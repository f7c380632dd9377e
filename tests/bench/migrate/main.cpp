// migrate: a million entities whose position widens and gains two fields, beside a velocity that
// stays. The baseline is the same conversion over plain arrays.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "gantry/ecs/registry.h"
#include "host/ecs/migration.h"
#include "host/ecs/world.h"

namespace v1 {
struct Position {
    float x = 0, y = 0;
};
GANTRY_COMPONENT_AS("bench.position", Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
struct Velocity {
    float x = 1, y = 2;
};
GANTRY_COMPONENT_AS("bench.velocity", Velocity, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))
}  // namespace v1

namespace v2 {
struct Position {
    double x = 0, y = 0;
    float z = 7;
    std::uint32_t flags = 9;
};
GANTRY_COMPONENT_AS("bench.position", Position, 2, GANTRY_FIELD(x), GANTRY_FIELD(y),
                    GANTRY_FIELD(z), GANTRY_FIELD(flags))
}  // namespace v2

namespace {

using namespace gantry;

constexpr std::uint32_t entities = 1'000'000;
constexpr int samples = 9;

double cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

struct Times {
    std::vector<double> prepare, commit, rollback, array;
};

void fail(const char* what) {
    std::fprintf(stderr, "migrate: %s\n", what);
    std::exit(1);
}

void migrate_world(Times& times) {
    ecs::ComponentNames names;
    ecs::World world{names};
    Registry old{world.open(1, "v1")};
    std::vector<Entity> sample;
    for (std::uint32_t i = 0; i < entities; ++i) {
        const Entity made = old.create(v1::Position{static_cast<float>(i), 1}, v1::Velocity{});
        if (i % 997 == 0) sample.push_back(made);
    }
    const ecs::OwnerId replaced[] = {1};
    Registry next{world.open(2, "v2", replaced)};
    if (next.use<v2::Position>() != Status::ok) fail("v2 is refused");

    const double begin = cpu_ns();
    const auto plan = world.plan_migration(2);
    if (!plan) fail("no plan");
    auto migration = world.prepare(*plan);
    if (!migration) fail("not prepared");
    for (bool over = false; !over;) {
        const auto done = (*migration)->advance(4096);
        if (!done) fail("a slice failed");
        over = *done;
    }
    const double prepared = cpu_ns();
    if (!(*migration)->commit()) fail("not committed");
    const double committed = cpu_ns();
    for (std::size_t i = 0; i < sample.size(); ++i) {
        const auto& p = next.get<const v2::Position>(sample[i]);
        if (p.x != static_cast<double>(i * 997) || p.y != 1 || p.z != 7 || p.flags != 9)
            fail("wrong");
    }
    const double before_rollback = cpu_ns();
    if (!(*migration)->rollback()) fail("not rolled back");
    times.rollback.push_back((cpu_ns() - before_rollback) / entities);
    times.prepare.push_back((prepared - begin) / entities);
    times.commit.push_back((committed - prepared) / entities);
    if (old.get<const v1::Position>(sample[1]).x != 997) fail("wrong after the rollback");
}

void convert_arrays(Times& times) {
    const auto from = std::make_unique<v1::Position[]>(entities);
    const auto velocity = std::make_unique<v1::Velocity[]>(entities);
    const double begin = cpu_ns();
    const auto to = std::make_unique<v2::Position[]>(entities);
    const auto kept = std::make_unique<v1::Velocity[]>(entities);
    for (std::uint32_t i = 0; i < entities; ++i) to[i] = {from[i].x, from[i].y, 7, 9};
    std::copy_n(velocity.get(), entities, kept.get());
    asm volatile("" ::"r"(to.get()), "r"(kept.get()) : "memory");
    times.array.push_back((cpu_ns() - begin) / entities);
}

void print(const char* name, double value, double baseline, double target) {
    std::printf(
        "{\"name\":\"migrate/%s\",\"value\":%.3f,\"unit\":\"ns/entity\",\"baseline\":%.3f,"
        "\"ratio\":%.3f,\"target\":%.1f}\n",
        name, value, baseline, value / baseline, target);
}

}  // namespace

int main() {
    Times times;
    for (int i = 0; i < samples; ++i) {
        migrate_world(times);
        convert_arrays(times);
    }
    const double baseline = median(times.array);
    std::printf(
        "{\"name\":\"migrate/first\",\"value\":%.3f,\"unit\":\"ns/entity\",\"baseline\":%.3f,"
        "\"ratio\":%.3f,\"target\":%.1f}\n",
        times.prepare[0], times.array[0], times.prepare[0] / times.array[0], 60.0);
    print("prepare", median(times.prepare), baseline, 25);
    print("commit", median(times.commit), baseline, 0.1);
    print("rollback", median(times.rollback), baseline, 60);
}
