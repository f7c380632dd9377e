// A plugin's test: boots a host with it, connects two clients, and asserts what they see.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;

namespace {

class Echo final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [](const gantry::Message& message) { return message.payload; });
        on(2, [this](const gantry::Message& message) { broadcast(3, message.payload); });
    }
};
constexpr gantry::PluginDesc echo = linked("echo", "1.0.0", gantry::create<Echo>);

}  // namespace

TEST_CASE("a request is answered, and a broadcast reaches everybody once") {
    TestHost host{{.plugins = {&echo}}};
    auto alice = host.connect();
    auto bob = host.connect();
    CHECK(alice.call(1, "hello").text == "hello");
    bob.send(2, "to all");
    host.settle();
    CHECK(alice.received().size() == 1);
    CHECK(bob.received().size() == 1);
}
