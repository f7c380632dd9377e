// swap_pause: how long a world of 1,000,000 entities stands still at a commit: layout unchanged,
// and with a layout that changes in slices, of which the longest turn of the host tells. Turns are
// measured in processor time: what else the machine does is no part of them.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
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
constexpr int layout_swaps = 20;

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

namespace v1 {
struct Health {
    float points = 10;
    std::uint32_t armour = 2;
    std::uint32_t rank = 7;  // no longer in version 2
};
GANTRY_COMPONENT_AS("bench.health", Health, 1, GANTRY_FIELD(points), GANTRY_FIELD(armour),
                    GANTRY_FIELD(rank))
}  // namespace v1
namespace v2 {
struct Health {
    std::uint32_t armour = 0;
    float life = 0;
    double shield = 5;
};
GANTRY_COMPONENT_AS("bench.health", Health, 2, GANTRY_FIELD(armour),
                    GANTRY_FIELD(life, .was = "points"), GANTRY_FIELD(shield))
}  // namespace v2

/// Positions change with every tick, health stays; `hot` writes every health with every tick, too.
template <class Health, bool hot>
class Fighters final : public WorldPlugin {
    void setup() override {
        expect(world().template use<Position>());
        expect(world().template use<Health>());
        system("move", Stage::update, [this](const Tick&) {
            world().template view<Position>().each([](Position& p) { p.x += 1; });
            if (!hot) return;
            world().template view<Health>().each([](Health& health) { ++health.armour; });
        });
    }
    void begin(bool fresh) override {
        for (int i = 0; fresh && i < entities; ++i) world().create(Position{1, 2}, Health{});
    }
};
template <bool hot>
constexpr PluginDesc older = test::linked("rules", "1.0.0", create<Fighters<v1::Health, hot>>);
template <bool hot>
constexpr PluginDesc newer = test::linked("rules", "2.0.0", create<Fighters<v2::Health, hot>>);

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

using Times = std::vector<double>;

double ms_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

/// The turns of a host, in ms, and those apart in which the world ticked.
struct Turns {
    void poll(app::Host& host, const core::Clock& clock) {
        world::World& world = *host.rooms().workers[0]->find(WorldId{1});
        const std::uint64_t ticks = world.counters().ticks;
        const TimeNs begin = clock.thread_time();
        host.poll(clock.now());
        const double ms = static_cast<double>(clock.thread_time() - begin) / 1e6;
        (world.counters().ticks == ticks ? quiet : ticking).push_back(ms);
    }
    Times quiet, ticking;
};

std::unique_ptr<app::Host> make_host(const core::Clock& clock, const PluginDesc& first,
                                     double tick_hz, int probation_ms = 0) {
    manifest::ManifestBuilder manifest;
    manifest.shards(1).workers(1).no_admin().world("world").tick_hz(tick_hz);
    manifest.plugin("rules").probation(std::chrono::milliseconds{probation_ms});
    app::HostOptions options;
    options.linked = {&first};
    auto host = app::Host::create(manifest.build(), clock, options);
    if (host) return std::move(*host);
    std::fprintf(stderr, "%s\n", host.error().message.c_str());
    std::exit(1);
}

/// What a started host's pool does beside its rooms: here it touches the memory of migrations.
std::jthread pool_of(app::Host& host) {
    return std::jthread{[&host](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (!host.run_pool()) std::this_thread::yield();
        }
    }};
}

/// Swaps to `next`; the length of its commit, and of every turn of the host until it was over, or
/// until it was in its probation.
void swap(app::Host& host, const core::Clock& clock, const PluginDesc& next, Times& commits,
          Turns& turns, bool settled = true) {
    const std::uint64_t ticket = host.plugins().swap_linked(std::array{&next});
    for (bool done = false; !done;) {
        turns.poll(host, clock);
        const auto report = host.plugins().report_of(ticket);
        if (report->outcome == plugin::SwapOutcome::running || (settled && !report->settled)) {
            continue;
        }
        if (report->outcome != plugin::SwapOutcome::committed) {
            std::fprintf(stderr, "%s\n", report->reason.c_str());
            std::exit(1);
        }
        for (const auto& step : report->steps) {
            if (step.name == "commit") commits.push_back(step.ms);
        }
        done = true;
    }
}

void same_layout(const core::Clock& clock) {
    const auto host = make_host(clock, one, 0);
    // The baseline is one pass over the same entities: what a tick of the smallest rules costs.
    Registry registry{
        host->rooms().workers[0]->find(WorldId{1})->entities().open(0x7fffffff, "bench")};
    Times commits, passes;
    Turns turns;
    for (int i = 0; i < swaps; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        registry.view<Position>().each([](Position& p) { p.x += 1; });
        passes.push_back(ms_since(begin));
        swap(*host, clock, i % 2 == 0 ? two : one, commits, turns);
    }
    std::sort(commits.begin(), commits.end());
    std::sort(passes.begin(), passes.end());
    print("p50", at(commits, 0.5), at(passes, 0.5));
    print("p99", at(commits, 0.99), at(passes, 0.5));
}

/// The baseline is the longest tick while nothing is swapped.
template <bool hot>
void new_layout(const core::Clock& clock, const std::string& name) {
    const auto host = make_host(clock, older<hot>, 20);
    const std::jthread pool = pool_of(*host);
    Times commits;
    Turns turns, calm;
    const auto begin = std::chrono::steady_clock::now();
    while (ms_since(begin) < 1000) calm.poll(*host, clock);
    for (int i = 0; i < layout_swaps; ++i) {
        swap(*host, clock, i % 2 == 0 ? newer<hot> : older<hot>, commits, turns);
    }
    std::sort(commits.begin(), commits.end());
    std::sort(turns.quiet.begin(), turns.quiet.end());
    const double tick = *std::max_element(calm.ticking.begin(), calm.ticking.end());
    print((name + "/turn_p99").c_str(), at(turns.quiet, 0.99), tick);
    print((name + "/turn_max").c_str(), turns.quiet.back(), tick);
    print((name + "/tick_max").c_str(),
          *std::max_element(turns.ticking.begin(), turns.ticking.end()), tick);
    print((name + "/commit_p50").c_str(), at(commits, 0.5), tick);
    print((name + "/commit_max").c_str(), commits.back(), tick);
}

/// The longest turn of the host on the way back of a layout, against the commit that led there.
template <bool hot>
void way_back(const core::Clock& clock, const std::string& name) {
    const auto host = make_host(clock, older<hot>, 0, 3'600'000);
    const std::jthread pool = pool_of(*host);
    world::World& world = *host->rooms().workers[0]->find(WorldId{1});
    Times commits;
    Turns turns, back;
    swap(*host, clock, newer<hot>, commits, turns, false);
    const auto serves = [&] { return world.instances().front()->owner().generation; };
    const std::uint32_t newer_one = serves();
    if (!world.roll_back("rules", "the benchmark")) std::exit(1);
    while (serves() == newer_one) back.poll(*host, clock);
    std::sort(back.quiet.begin(), back.quiet.end());
    print((name + "/rollback_turn_p99").c_str(), at(back.quiet, 0.99), commits.back());
    print((name + "/rollback_turn_max").c_str(), back.quiet.back(), commits.back());
}

}  // namespace

int main() {
    log::set_level(log::Level::error);
    const core::SystemClock clock;
    same_layout(clock);
    new_layout<false>(clock, "layout");
    new_layout<true>(clock, "layout_hot");
    way_back<false>(clock, "layout");
    return 0;
}
