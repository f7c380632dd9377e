// swap_under_load: rules are swapped again and again under players, with a renamed, a converted and
// a split field each way, while some of them travel between two worlds; what is late, whether
// anything is lost, and whether the players built what the same messages build without swaps. One
// JSON object a line; ends with 1 when not.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "host/core/sanitized.h"
#include "tests/bench/swap_under_load/crowd.h"
#include "tests/bench/swap_under_load/running_host.h"

namespace gantry::bench {
namespace {

struct Options {
    std::string program = LOAD_GANTRY;
    std::string plugins = LOAD_PLUGINS;
    int swaps = 1000;
    std::uint32_t players = 200;
    std::uint64_t entities = 10'000;
    double calm_seconds = 3;
    std::int64_t window_ms = 50;
    std::uint32_t threads = 2;
    std::uint32_t probation_ms = 5'000;

    HostSetup setup() const { return {program, plugins, entities, threads, probation_ms}; }
    /// Libraries that stay in memory beside the one that serves, after swaps in a row.
    int kept() const { return probation_ms != 0 ? 1 : 0; }
};

/// Every fourth pair travels, so that some do over TCP and some over WebSocket. Player 0 stays.
std::vector<Rhythm> rhythms(const Options& options) {
    std::vector<Rhythm> all(options.players, {3, options.window_ms * 1'000'000});
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i / 2 % 4 == 3) all[i].travel_every = 4;
    }
    return all;
}

double at(std::vector<std::int64_t>& values, double share) {
    if (values.empty()) return 0;
    const auto index = std::min(
        values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                     values.end());
    return static_cast<double>(values[index]) / 1e6;
}

/// Complains about every expectation that does not hold, and remembers that one did not.
class Verdict {
public:
    void expect(bool holds, const std::string& sentence) {
        if (holds) return;
        failed_ = true;
        std::fprintf(stderr, "swap_under_load: %s\n", sentence.c_str());
    }
    bool failed() const { return failed_; }

private:
    bool failed_ = false;
};

/// Once so many libraries have left, which each does a moment after its swap, or after the
/// probation of the next.
Footprint calm_footprint(const RunningHost& host, int unmapped) {
    const std::int64_t end = now_ns() + 30'000'000'000;
    while (host.metric("gantry_libraries_unmapped_total") < unmapped && now_ns() < end) {
    }
    return host.footprint();
}

/// The thread that swaps while the others play.
struct Swapper {
    void run(const RunningHost& host, const Options& options) {
        const int swaps = options.swaps;
        for (int i = 0; i < swaps && error.empty(); ++i) {
            pauses_ns.push_back(
                static_cast<std::int64_t>(host.swap(i % 2 == 0 ? "2.0.0" : "1.0.0", error) * 1e6));
            if (!error.empty()) break;
            ++done;
            // What the first swaps make the process keep is no leak; what it keeps after them is.
            if (i + 1 == std::max(10, swaps / 10)) {
                warm = calm_footprint(host, i + 1 - options.kept());
            }
            if (i + 1 == swaps) last = calm_footprint(host, swaps - options.kept());
            if ((i + 1) % 1000 == 0) std::fprintf(stderr, "%d swaps\n", i + 1);
        }
        ended = true;
    }

    std::vector<std::int64_t> pauses_ns;
    Footprint warm;
    Footprint last;
    std::string error;
    std::atomic<int> done{0};
    std::atomic<bool> ended{false};
};

void judge_footprint(const Footprint& warm, const Footprint& end, Verdict& verdict) {
    const auto flat = [&](const char* what, std::int64_t before, std::int64_t after,
                          std::int64_t more_max) {
        std::fprintf(stderr, "%s: %lld after the warm-up, %lld at the end\n", what,
                     static_cast<long long>(before), static_cast<long long>(after));
        verdict.expect(after <= before + more_max, std::string{what} + " have grown");
    };
    // A sanitizer keeps what it has seen.
    if (!core::sanitized) flat("resident KiB", warm.resident_kib, end.resident_kib, 8 * 1024);
    if (!core::sanitized) flat("mappings", warm.mappings, end.mappings, 12);
    flat("descriptors", warm.descriptors, end.descriptors, 2);
    flat("threads", warm.threads, end.threads, 0);
}

void judge(const RunningHost& host, const Crowd& crowd, const Swapper& swapper, Verdict& verdict) {
    const Tally tally = crowd.tally();
    const auto swaps = static_cast<std::uint64_t>(swapper.done);
    verdict.expect(swapper.error.empty(), "a swap failed: " + swapper.error);
    verdict.expect(tally.clean(),
                   "something was lost, doubled, reordered or refused; " + tally.first_refusal);
    verdict.expect(
        static_cast<std::uint64_t>(host.of_worlds("gantry_world_messages_total")) == tally.sent,
        "the worlds have not handled exactly what was sent");
    verdict.expect(host.of_worlds("gantry_world_failures_total") == 0, "a handler failed");
    verdict.expect(host.of_worlds("gantry_world_components_left_behind_total") == 0,
                   "a traveller has lost a component");
    verdict.expect(host.metric("gantry_swaps_total{outcome=\"rolled_back\"}") == 0,
                   "a version did not pass its probation");
    // Every new version tells everybody that it is in force.
    const auto [fewest, most] = crowd.news();
    verdict.expect(fewest == swaps && most == swaps,
                   "players had " + std::to_string(fewest) + " to " + std::to_string(most) +
                       " news of " + std::to_string(swaps) + " swaps");
    verdict.expect(
        static_cast<std::uint64_t>(host.metric("gantry_libraries_unmapped_total")) == swaps,
        "not every old library was proved to have left");
    verdict.expect(host.metric("gantry_libraries_leaked_total") == 0, "a library could not leave");
    verdict.expect(host.libraries_mapped() == 1,
                   "there is more than one generation of the rules in memory");
}

void print(const char* row, double value, double baseline, const Swapper& swapper,
           const Tally& tally) {
    std::printf(
        "{\"name\":\"swap_under_load\",\"row\":\"%s\",\"value\":%.4f,\"unit\":\"ms\",\"baseline\":%"
        ".4f,"
        "\"ratio\":%.4f,\"swaps\":%d,\"lost\":%llu,\"dup\":%llu,\"reordered\":%llu,\"disconnects\":"
        "%llu,"
        "\"messages\":%llu,\"travels\":%llu}\n",
        row, value, baseline, baseline > 0 ? value / baseline : 0.0, swapper.done.load(),
        static_cast<unsigned long long>(tally.lost), static_cast<unsigned long long>(tally.dup),
        static_cast<unsigned long long>(tally.reordered),
        static_cast<unsigned long long>(tally.disconnects),
        static_cast<unsigned long long>(tally.sent),
        static_cast<unsigned long long>(tally.travels));
}

/// What the players of `crowd` sent, sent to a host that is never swapped, and nobody travels.
void judge_result(const Options& options, const Crowd& crowd, const test::BuiltTotal& total,
                  Verdict& verdict) {
    std::vector<Rhythm> rhythms;
    for (const auto& player : crowd.players()) {
        rhythms.push_back({30, 0, player->built().moves, 0});
    }
    RunningHost host{options.setup()};
    Crowd calm{host, rhythms};
    verdict.expect(calm.open() && calm.play([&] { return calm.done(); }, 1800),
                   "the run without swaps did not end");
    const test::BuiltTotal wanted = calm.total();
    verdict.expect(calm.tally().clean(), "the run without swaps was not clean");
    verdict.expect(total.players == options.players && total.others == options.entities,
                   "players or entities are missing");
    verdict.expect(total == wanted, "the players built something else than without swaps");
    std::fprintf(stderr, "sum: %016llx with swaps, %016llx without\n",
                 static_cast<unsigned long long>(total.sum),
                 static_cast<unsigned long long>(wanted.sum));
}

int run(const Options& options) {
    RunningHost host{options.setup()};
    Crowd crowd{host, rhythms(options)};
    Verdict verdict;
    verdict.expect(crowd.open(), "not everybody could join");
    if (verdict.failed()) return 1;

    const std::int64_t calm_end = now_ns() + static_cast<std::int64_t>(options.calm_seconds * 1e9);
    crowd.play([&] { return now_ns() > calm_end; }, 60);
    auto calm = crowd.take_round_trips();

    Swapper swapper;
    std::thread thread{[&] { swapper.run(host, options); }};
    const std::int64_t storm = now_ns();
    verdict.expect(crowd.play([&] { return swapper.ended.load(); }, 3600), "the swaps did not end");
    thread.join();
    std::fprintf(stderr, "%d swaps in %.1f s\n", swapper.done.load(),
                 static_cast<double>(now_ns() - storm) / 1e9);
    auto stormy = crowd.take_round_trips();
    verdict.expect(crowd.finish(60), "not every request was answered");
    const test::BuiltTotal total = crowd.total();
    // The last library leaves when the probation of the last swap has passed, and the last news are
    // on their way.
    const auto swaps = static_cast<double>(swapper.done);
    (void)crowd.play(
        [&] {
            return host.metric("gantry_libraries_unmapped_total") == swaps &&
                   crowd.news().first >= static_cast<std::uint64_t>(swaps);
        },
        30 + options.probation_ms / 1e3, false);

    judge(host, crowd, swapper, verdict);
    judge_footprint(swapper.warm, swapper.last, verdict);
    verdict.expect(host.end(), "the host did not end well");
    judge_result(options, crowd, total, verdict);
    const Tally tally = crowd.tally();
    // Against the calm seconds before, in the same run; of the pauses, against a round trip.
    const double calm_p50 = at(calm, 0.5);
    print("round_trip_p50", at(stormy, 0.5), calm_p50, swapper, tally);
    print("round_trip_p99", at(stormy, 0.99), at(calm, 0.99), swapper, tally);
    print("pause_p50", at(swapper.pauses_ns, 0.5), calm_p50, swapper, tally);
    print("pause_p99", at(swapper.pauses_ns, 0.99), calm_p50, swapper, tally);
    return verdict.failed() ? 1 : 0;
}

}  // namespace
}  // namespace gantry::bench

int main(int argc, char** argv) {
    gantry::bench::Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--swaps") options.swaps = std::atoi(argv[i + 1]);
        if (name == "--players")
            options.players = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
        if (name == "--entities")
            options.entities = static_cast<std::uint64_t>(std::atoll(argv[i + 1]));
        if (name == "--threads")
            options.threads = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
        if (name == "--probation-ms")
            options.probation_ms = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
        if (name == "--calm-seconds") options.calm_seconds = std::atof(argv[i + 1]);
        if (name == "--window-ms") options.window_ms = std::atoi(argv[i + 1]);
    }
    options.entities -= options.entities % 2;  // as many in each world
    return gantry::bench::run(options);
}
