// ecs_iterate: a view's loop in a plugin against a loop over plain aligned arrays, in turns.
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "host/ecs/world.h"
#include "tests/bench/ecs_iterate/loops.h"

namespace {

using namespace gantry;

struct Row {
    const char* name;
    std::uint32_t entities;
    std::uint32_t passes;  // of one sample
    double target;
};

constexpr int samples = 101;

double cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

double sample(void (*loop)(std::uint32_t passes), const Row& row) {
    const double begin = cpu_ns();
    loop(row.passes);
    return (cpu_ns() - begin) / (static_cast<double>(row.entities) * row.passes);
}

bool run_row(const Loops& loops, const Row& row) {
    ecs::ComponentNames names;
    ecs::World world{names};
    loops.open(&world.open(1, "bench"), row.entities);
    (void)sample(loops.view, row);
    (void)sample(loops.array, row);
    std::vector<double> views;
    std::vector<double> arrays;
    for (int i = 0; i < samples; ++i) {
        views.push_back(sample(loops.view, row));
        arrays.push_back(sample(loops.array, row));
    }
    const bool same = loops.view_sum() == loops.array_sum();
    loops.close();
    if (!same) std::fprintf(stderr, "ecs_iterate: the two loops disagree\n");
    const double value = median(views);
    const double baseline = median(arrays);
    std::printf(
        "{\"name\":\"ecs_iterate/%s\",\"value\":%.4f,\"unit\":\"ns/entity\",\"baseline\":%.4f,"
        "\"ratio\":%.3f,\"target\":%.2f}\n",
        row.name, value, baseline, value / baseline, row.target);
    std::fflush(stdout);
    return same;
}

}  // namespace

int main() {
    void* const library = ::dlopen(GANTRY_BENCH_LOOPS, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        std::fprintf(stderr, "ecs_iterate: %s\n", ::dlerror());
        return 1;
    }
    const auto& loops = *static_cast<const Loops*>(::dlsym(library, "gantry_bench_loops"));
    const Row rows[] = {{"rows_100k", 100'000, 20, 1.08}, {"rows_1m", 1'000'000, 4, 1.12}};
    bool good = true;
    for (const Row& row : rows) good = run_row(loops, row) && good;
    return good ? 0 : 1;
}
