// Handles that a plugin kept, used when it has left and what they meant is gone: each is refused,
// and never means what came later into the same place.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;

namespace {

struct Purse {
    std::int32_t coins = 5;
};
GANTRY_COMPONENT_AS("kept.purse", Purse, 1, GANTRY_FIELD(coins))

SessionId session;
Entity entity;

class First final : public WorldPlugin {
    void setup() override {
        on(1, [](const Message& message) {
            session = message.session;
            entity = message.entity;
        });
    }
};

/// Given them, as one who asked the first by a service would be.
class Second final : public WorldPlugin {
    void setup() override {
        expect(world().use<Purse>());
        on(2, [this](const Message&) {
            std::string text{status_name(net().send(session, 7, 0, {}))};
            text += std::string{" "} + status_name(net().close(session));
            text += world().valid(entity) ? " valid" : " gone";
            text += world().try_get<Purse>(entity) != nullptr ? " rich" : " poor";
            return text;
        });
        on(3, [this](const Message& message) { world().emplace<Purse>(message.entity); });
    }
};

constexpr PluginDesc first = linked("first", "1.0.0", create<First>);
constexpr PluginDesc successor = linked("first", "1.1.0", create<First>);
constexpr PluginDesc second = linked("second", "1.0.0", create<Second>);

}  // namespace

TEST_CASE("handles that outlive what they meant are refused, whoever comes into its place") {
    TestHost host{{.plugins = {&first, &second}, .probation_ms = 0}};
    auto alice = host.connect();
    alice.send(1, "");
    host.settle();
    CHECK(host.swap(successor).outcome == plugin::SwapOutcome::committed);
    alice.close();
    host.advance_ms(100);

    auto bob = host.connect();
    bob.send(3, "");
    CHECK(bob.call(2, "").text == "not_found not_found gone poor");
    CHECK(bob.received().empty());
    CHECK_FALSE(bob.closed_by_host());
}
