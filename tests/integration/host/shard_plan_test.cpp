// A plan on shards is looked at as a whole. Once its plugins were taken one after another, so that
// a route or a layer that went from one to another was refused for its owner of before.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t claimed_id = 1, throw_id = 2, bare_id = 3;

struct Passed {
    std::uint32_t messages = 0;
};
GANTRY_COMPONENT_AS("test.passed", Passed, 1, GANTRY_FIELD(messages))
namespace wider {
struct Passed {
    std::uint64_t messages = 0;
};
GANTRY_COMPONENT_AS("test.passed", Passed, 2, GANTRY_FIELD(messages))
}  // namespace wider

/// Claims the route and the layer: "alpha 3" is the third message that passed on that connection.
template <class Count>
class Claims : public IoPlugin {
protected:
    void setup() override {
        passed_ = connections().template use<Count>();
        layer("shared", [this](IoMessage& message) {
            ++passed_.ensure(message.session)->messages;
            return Verdict::pass;
        });
        route(claimed_id, [this](const IoMessage& message) {
            said_ = std::string{self().plugin.view()} + " " +
                    std::to_string(passed_.get(message.session)->messages);
            return Bytes{std::string_view{said_}};
        });
        route(throw_id, [](const IoMessage&) { throw std::runtime_error{"on purpose"}; });
    }
    ConnectionComponent<Count> passed_;
    std::string said_;
};
/// Looks at what the other one counts.
template <class Count>
class Bare : public IoPlugin {
    void setup() override {
        connections().template use<Count>();
        route(bare_id, [](const IoMessage&) { return Bytes{std::string_view{"bare"}}; });
    }
};
/// The same, without a route.
template <class Count>
class Looks : public IoPlugin {
    void setup() override { connections().template use<Count>(); }
};
class Failing final : public Claims<wider::Passed> {
    void restore_state(StateReader&) override { throw std::runtime_error{"cannot take over"}; }
};

constexpr PluginDesc alpha_1 = linked("alpha", "1.0.0", nullptr, create<Claims<Passed>>);
constexpr PluginDesc alpha_2 = linked("alpha", "2.0.0", nullptr, create<Bare<wider::Passed>>);
constexpr PluginDesc beta_1 = linked("beta", "1.0.0", nullptr, create<Bare<Passed>>);
constexpr PluginDesc beta_2 = linked("beta", "2.0.0", nullptr, create<Claims<wider::Passed>>);
constexpr PluginDesc beta_claims = linked("beta", "4.0.0", nullptr, create<Claims<Passed>>);
constexpr PluginDesc beta_wider = linked("beta", "5.0.0", nullptr, create<Looks<wider::Passed>>);
constexpr PluginDesc gamma_1 = linked("gamma", "1.0.0", nullptr, create<Claims<wider::Passed>>);
constexpr PluginDesc beta_3 = linked("beta", "3.0.0", nullptr, create<Failing>);

TestHostConfig with_both() {
    return {.plugins = {&alpha_1, &beta_1}, .middleware = {"shared"}, .shards = 2};
}

}  // namespace

TEST_CASE("a route, a layer and a shared component go from one plugin of a plan to another") {
    TestHost host{with_both()};
    auto first = host.connect();
    auto second = host.connect();
    CHECK(first.call(claimed_id, "").text == "alpha 1");
    CHECK(second.call(claimed_id, "").text == "alpha 1");

    // In either order, and with messages on their way.
    first.ask(claimed_id, "");
    const auto report = host.swap(std::array{&alpha_2, &beta_2});
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    REQUIRE(first.received().size() == 1);
    CHECK(first.call(claimed_id, "").text == "beta 3");
    CHECK(first.call(bare_id, "").text == "bare");

    for (int i = 0; i < 3; ++i) second.send(throw_id, "");
    host.settle();
    REQUIRE(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(first.call(claimed_id, "").text == "alpha 5");
    CHECK(second.call(claimed_id, "").text == "alpha 5");

    const auto again = host.swap(std::array{&beta_2, &alpha_2});
    REQUIRE_MESSAGE(again.outcome == SwapOutcome::committed, again.reason);
    host.advance_ms(2000);
    CHECK(host.report(again.ticket).settled);
    CHECK(first.call(claimed_id, "").text == "beta 6");
    CHECK_FALSE(first.closed_by_host());
}

TEST_CASE("alone, the plugin that would take what another has is refused, naming both") {
    TestHost host{with_both()};
    auto client = host.connect();
    const auto report = host.swap(beta_claims);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("alpha@1.0.0") != std::string::npos);
    CHECK(report.reason.find("beta@4.0.0") != std::string::npos);
    CHECK(client.call(claimed_id, "").text == "alpha 1");
}

TEST_CASE("when one of a plan cannot take over on a shard, all of it stays as it was") {
    TestHost host{with_both()};
    auto client = host.connect();
    CHECK(client.call(claimed_id, "").text == "alpha 1");
    const auto report = host.swap(std::array{&alpha_2, &beta_3});
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("beta@3.0.0") != std::string::npos);
    CHECK(client.call(claimed_id, "").text == "alpha 2");
    CHECK(client.call(bare_id, "").text == "bare");
    CHECK_FALSE(client.closed_by_host());
}

TEST_CASE("what a plugin that joins with a plan has taken goes back to its owner of before") {
    for (const bool first : {true, false}) {
        CAPTURE(first);
        TestHost host{with_both()};
        auto client = host.connect();
        CHECK(client.call(claimed_id, "").text == "alpha 1");
        std::vector<const PluginDesc*> plan{&alpha_2, &beta_wider};
        plan.insert(first ? plan.begin() : plan.end(), &gamma_1);
        const auto report = host.swap(plan);
        REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
        CHECK(client.call(claimed_id, "").text == "gamma 2");
        for (int i = 0; i < 3; ++i) client.send(throw_id, "");
        host.settle();
        REQUIRE(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
        CHECK(client.call(claimed_id, "").text == "alpha 6");
        CHECK(host.host().plugins().snapshot().plugins.size() == 2);
        CHECK_FALSE(client.closed_by_host());
    }
}
