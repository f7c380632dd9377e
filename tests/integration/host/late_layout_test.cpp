// The arena's rules v2 named their components first in begin(), after the swap's commit. The host
// put the new layout aside for a migration that never came, and v2 read rows of 8 bytes as rows of
// 12: hues became scores, and what was written lay in the rows of others.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

namespace v1 {
struct Body {
    std::uint32_t hue = 0;
    std::uint32_t score = 0;
};
GANTRY_COMPONENT_AS("late.body", Body, 1, GANTRY_FIELD(hue), GANTRY_FIELD(score))
}  // namespace v1
namespace v2 {
struct Body {
    std::uint32_t hue = 0;
    std::uint32_t score = 0;
    float energy = 100;
};
GANTRY_COMPONENT_AS("late.body", Body, 2, GANTRY_FIELD(hue), GANTRY_FIELD(score),
                    GANTRY_FIELD(energy))
}  // namespace v2

constexpr std::uint32_t bodies = 50;

template <class Body>
std::uint32_t energy_of(const Body& body) {
    if constexpr (requires { body.energy; }) {
        return static_cast<std::uint32_t>(body.energy);
    } else {
        return 0;
    }
}

/// Message 1 tells of all bodies: how many, the sums of their numbers, and their energy.
template <class Body, bool early>
class Bodies : public gantry::WorldPlugin {
    void setup() override {
        if (early) expect(world().template use<Body>());
        on(1, [this](const gantry::Message&) {
            std::uint32_t count = 0, hues = 0, scores = 0, energy = 0;
            world().template view<const Body>().each([&](const Body& body) {
                ++count;
                hues += body.hue;
                scores += body.score;
                energy += energy_of(body);
            });
            return std::to_string(count) + ' ' + std::to_string(hues) + ' ' +
                   std::to_string(scores) + ' ' + std::to_string(energy);
        });
    }
    void begin(bool fresh) override {
        for (std::uint32_t i = 0; fresh && i < bodies; ++i) world().create(Body{i, 1});
    }
};

constexpr gantry::PluginDesc first =
    linked("bodies", "1.0.0", gantry::create<Bodies<v1::Body, false>>);
constexpr gantry::PluginDesc early =
    linked("bodies", "2.0.0", gantry::create<Bodies<v2::Body, true>>);
constexpr gantry::PluginDesc late =
    linked("bodies", "2.1.0", gantry::create<Bodies<v2::Body, false>>);
constexpr gantry::PluginDesc back =
    linked("bodies", "1.1.0", gantry::create<Bodies<v1::Body, true>>);

}  // namespace

TEST_CASE("a layout named in setup is migrated, there and back") {
    TestHost host{{.plugins = {&first}, .probation_ms = 0}};
    auto client = host.connect();
    CHECK(client.call(1, "").text == "50 1225 50 0");
    CHECK(host.swap(early).outcome == SwapOutcome::committed);
    CHECK(client.call(1, "").text == "50 1225 50 5000");
    host.settle();
    CHECK(host.swap(back).outcome == SwapOutcome::committed);
    CHECK(client.call(1, "").text == "50 1225 50 0");
}

TEST_CASE("a layout first named after the swap is refused, and the rows stay as they are") {
    TestHost host{{.plugins = {&first}}};
    auto client = host.connect();
    CHECK(client.call(1, "").text == "50 1225 50 0");
    const auto report = host.swap(late);
    CHECK(report.outcome == SwapOutcome::committed);
    for (int i = 0; i < 3; ++i) CHECK(client.call(1, "").status == gantry::Status::internal);
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(client.call(1, "").text == "50 1225 50 0");
    CHECK_FALSE(client.closed_by_host());
}
