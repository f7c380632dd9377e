// Metrics by generation. They knew only the one that served, so a trial could not be compared with
// the version beside it by anybody but the host.
#include "host/app/host_metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace gantry;
using namespace gantry::app;

namespace {

plugin::GenerationStatus generation(std::uint32_t number, const char* version, const char* state) {
    plugin::GenerationStatus one;
    one.plugin = "arena";
    one.version = version;
    one.generation = number;
    one.label = std::string{"arena@"} + version + "#" + std::to_string(number);
    one.state = state;
    one.counted_in = {std::make_shared<route::Vitals>()};
    one.vitals = {100 * number, number, 10 * number, 5, 2'000'000'000, 40 * number, 500'000'000};
    return one;
}

/// "2.0.0#3 trial": value.
std::map<std::string, double> samples(const plugin::ManagerSnapshot& snapshot, const char* name) {
    std::map<std::string, double> all;
    for (const auto& family : metric_families({}, {}, snapshot, {})) {
        if (family.name != name) continue;
        for (const auto& sample : family.samples) {
            std::string key;
            for (const auto& [label, value] : sample.labels) key += label + "=" + value + " ";
            all[key] = sample.value;
        }
    }
    return all;
}

}  // namespace

TEST_CASE("each generation in a room has its own counters, and tells what it is there for") {
    plugin::ManagerSnapshot snapshot;
    snapshot.generations = {generation(2, "1.0.0", "serves"), generation(3, "2.0.0", "trial"),
                            generation(1, "0.9.0", "predecessor")};
    using All = std::map<std::string, double>;
    CHECK(samples(snapshot, "gantry_plugin_info") ==
          All{{"plugin=arena version=1.0.0 generation=2 state=serves ", 1},
              {"plugin=arena version=2.0.0 generation=3 state=trial ", 1},
              {"plugin=arena version=0.9.0 generation=1 state=predecessor ", 1}});
    const auto of_trial = [&](const char* name) {
        return samples(snapshot, name)["plugin=arena version=2.0.0 generation=3 "];
    };
    CHECK(of_trial("gantry_plugin_messages_total") == 300);
    CHECK(of_trial("gantry_plugin_failures_total") == 3);
    CHECK(of_trial("gantry_plugin_errors_total") == 30);
    CHECK(of_trial("gantry_plugin_handler_samples_total") == 5);
    CHECK(of_trial("gantry_plugin_handler_seconds_total") == doctest::Approx(2));
    CHECK(of_trial("gantry_plugin_ticks_total") == 120);
    CHECK(of_trial("gantry_plugin_tick_seconds_total") == doctest::Approx(0.5));
    CHECK(samples(snapshot, "gantry_plugin_messages_total").size() == 3);
}

TEST_CASE("faults stay with the generation that they were left in, also when it serves no longer") {
    plugin::ManagerSnapshot snapshot;
    snapshot.generations = {generation(1, "1.0.0", "serves"),
                            generation(2, "2.0.0", "left behind")};
    snapshot.generations[1].counted_in.clear();
    snapshot.generations[1].faults = 1;
    snapshot.counters.faults = 1;
    CHECK(samples(snapshot, "gantry_plugin_faults_total") ==
          std::map<std::string, double>{{"plugin=arena version=1.0.0 generation=1 ", 0},
                                        {"plugin=arena version=2.0.0 generation=2 ", 1}});
    CHECK(samples(snapshot, "gantry_faults_total")[""] == 1);
    CHECK(samples(snapshot, "gantry_plugin_messages_total").size() == 1);
}
