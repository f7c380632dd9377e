// A plugin gives the host a pointer that leads nowhere, or a size that is too large: once the host
// read it in its own code, which ended the process. The call is left, its plugin parked, and told.
#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "gantry/gantry.h"
#include "host/core/sanitized.h"
#include "host/platform/fault.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;

namespace {

class Bystander final : public WorldPlugin {
    void setup() override {
        on(8, [](const Message&) { return std::string{"still here"}; });
    }
};
constexpr PluginDesc bystander = linked("bystander", "1.0.0", create<Bystander>);

struct GivenHost {
    std::vector<std::string> middleware = {};
    TestHost host{{.plugins = {&bystander}, .files = {GIVER}, .middleware = middleware}};
    TestClient client = host.connect();
};

void check_told(TestHost& host, const std::string& where) {
    for (const auto& one : host.host().plugins().snapshot().plugins) {
        if (one.name != "giver") continue;
        CHECK(plugin::plugin_state_name(one.state) == std::string_view{"failed"});
        CHECK_MESSAGE(one.error.find("by what it gave to the host") != std::string::npos,
                      one.error);
    }
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK_MESSAGE(incidents[0].what.starts_with("giver@1.0.0#1: segmentation fault in " + where),
                  incidents[0].what);
}

void check_contained(std::uint16_t message, const std::string& what) {
    CAPTURE(what);
    GivenHost given;
    auto& [middleware, host, client] = given;
    REQUIRE(client.call(message, "nothing").text == "done");
    client.send(message, what);
    host.settle();
    CHECK(client.call(8, "").text == "still here");
    CHECK_FALSE(client.closed_by_host());
    check_told(host, "handler do");
}

void check_all_contained(std::uint16_t message) {
    if (core::sanitized) return;  // whose run-time keeps the signals
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    std::istringstream names{GivenHost{}.client.call(message + 1, "").text};
    int count = 0;
    for (std::string name; std::getline(names, name); ++count) check_contained(message, name);
    CHECK(count > 15);
}

}  // namespace

TEST_CASE("what a plugin gives to its world and leads nowhere is contained") {
    check_all_contained(1);
}

TEST_CASE("what a plugin gives to its shard and leads nowhere is contained") {
    check_all_contained(3);
}

TEST_CASE("what a layer points a message to and leads nowhere is contained") {
    if (core::sanitized) return;
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    for (const std::string how : {"re-point", "enlarge"}) {
        CAPTURE(how);
        GivenHost given{{"giver.layer"}};
        auto& [middleware, host, client] = given;
        REQUIRE(client.call(8, "").text == "still here");
        client.send(5, how);
        host.settle();
        check_told(host, "layer giver.layer");
        CHECK_FALSE(client.closed_by_host());  // though nobody passes while that layer is parked
    }
}

TEST_CASE("what a service answers with and leads nowhere is contained") {
    if (core::sanitized) return;
    platform::install_fault_handlers();
    const platform::FaultThread thread;
    GivenHost given;
    Status answered = Status::ok;
    (void)given.host.host().call(
        "giver.reply", "m", "", [&](Status how, std::string) { answered = how; },
        [](std::function<void()> work) { work(); });
    given.host.settle();
    CHECK(answered == Status::unavailable);
    check_told(given.host, "service ");
    CHECK(given.client.call(8, "").text == "still here");
}
