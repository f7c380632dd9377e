// swap_pause: how long a world of 1,000,000 entities stands still at a commit, layout unchanged.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "gantry/gantry.h"
#include "host/app/host.h"
#include "host/core/log.h"
#include "host/manifest/builder.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;

namespace {

constexpr int entities = 1'000'000;
constexpr int swaps = 500;

struct Position {
    float x = 0;
    float y = 0;
};
GANTRY_COMPONENT_AS("bench.position", Position, 1, GANTRY_FIELD(x), GANTRY_FIELD(y))

class Rules final : public WorldPlugin {
    void setup() override {
        expect(world().use<Position>());
        for (std::uint16_t id = 1; id <= 32; ++id) {
            on(id, [](const Message& message) { return message.payload; });
        }
        system("move", Stage::update, [this](const Tick&) {
            world().view<Position>().each([](Position& p) { p.x += 1; });
        });
    }
    void begin(bool fresh) override {
        for (int i = 0; fresh && i < entities; ++i) world().create(Position{1, 2});
    }
    void save_state(StateWriter& writer) override {
        writer.put("n", Bytes{std::string_view{"12345"}});
    }
    void restore_state(StateReader& reader) override { (void)reader.get("n"); }
};
constexpr PluginDesc one = test::linked("rules", "1.0.0", create<Rules>);
constexpr PluginDesc two = test::linked("rules", "2.0.0", create<Rules>);

double at(const std::vector<double>& sorted, double share) {
    return sorted[std::min(sorted.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

void print(const char* name, double value, double baseline) {
    std::printf(
        "{\"name\":\"swap_pause\",\"row\":\"%s\",\"value\":%.4f,\"unit\":\"ms\",\"baseline\":%.4f,"
        "\"ratio\":%.4f}\n",
        name, value, baseline, value / baseline);
}

}  // namespace

int main() {
    log::set_level(log::Level::error);
    const core::SystemClock clock;
    manifest::ManifestBuilder manifest;
    manifest.shards(1).workers(1).no_admin().world("world").tick_hz(0);
    manifest.plugin("rules").probation(std::chrono::milliseconds{0});
    app::HostOptions options;
    options.linked = {&one};
    auto host = app::Host::create(manifest.build(), clock, options);
    if (!host) return std::fprintf(stderr, "%s\n", host.error().message.c_str()), 1;

    // The baseline is one pass over the same entities: what a tick of the smallest rules costs.
    Registry registry{
        (*host)->rooms().workers[0]->find(WorldId{1})->entities().open(0x7fffffff, "bench")};
    std::vector<double> pauses;
    std::vector<double> passes;
    for (int i = 0; i < swaps; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        registry.view<Position>().each([](Position& p) { p.x += 1; });
        passes.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
                .count());

        const std::uint64_t ticket = (*host)->plugins().swap_linked(i % 2 == 0 ? two : one);
        for (bool done = false; !done;) {
            (*host)->poll(clock.now());
            const auto snapshot = (*host)->plugins().snapshot();
            for (const auto& report : snapshot.swaps) {
                if (report.ticket != ticket || !report.settled) continue;
                if (report.outcome != plugin::SwapOutcome::committed) {
                    return std::fprintf(stderr, "%s\n", report.reason.c_str()), 1;
                }
                for (const auto& step : report.steps) {
                    if (step.name == "commit") pauses.push_back(step.ms);
                }
                done = true;
            }
        }
    }
    std::sort(pauses.begin(), pauses.end());
    std::sort(passes.begin(), passes.end());
    print("p50", at(pauses, 0.5), at(passes, 0.5));
    print("p99", at(pauses, 0.99), at(passes, 0.5));
    return 0;
}
