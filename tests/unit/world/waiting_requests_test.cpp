// Requests whose handlers wait: each gets exactly one answer, also when its task is dropped.
#include <doctest/doctest.h>

#include <iterator>
#include <string>
#include <thread>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::Status;

namespace {

// What a parked instance has on the heap, frames of its tasks too, is never destroyed; whoever
// looks for leaks finds it here.
const void* kept[16];
int kept_count = 0;
struct Kept {
    Kept() {
        if (kept_count < static_cast<int>(std::size(kept))) kept[kept_count++] = this;
    }
};

/// 1 answers in a second, 2 in a moment, 3 at once and goes on by itself, 4 calls from another
/// thread, for which it is parked.
class Waiter final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message&) -> gantry::Task<std::string> {
            const Kept frame;
            co_await after(1s);
            co_return "late";
        });
        on(2, [this](const gantry::Message&) -> gantry::Task<std::string> {
            const Kept frame;
            co_await after(10ms);
            co_return "soon";
        });
        on(3, [this](const gantry::Message&) {
            spawn("background", wait_long());
            return std::string{"now"};
        });
        on(4, [this](const gantry::Message& message) {
            std::thread{[&] { (void)net().close(message.session); }}.join();
        });
    }
    gantry::Task<> wait_long() {
        const Kept frame;
        co_await after(1s);
    }
    Kept object_;
};

constexpr gantry::PluginDesc one = linked("waiter", "1.0.0", gantry::create<Waiter>);
constexpr gantry::PluginDesc two = linked("waiter", "2.0.0", gantry::create<Waiter>);

void check_failed(TestClient& client, std::uint32_t correlation, Status status,
                  const std::string& said) {
    const auto replies = client.received();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].correlation == correlation);
    CHECK(replies[0].status == status);
    CHECK_MESSAGE(replies[0].text.find(said) != std::string::npos, replies[0].text);
}

}  // namespace

// They had waited for ever: the fault was answered only to whose message it happened in.
TEST_CASE("when an instance is parked the requests that wait in its tasks get an error reply") {
    TestHost host{{.plugins = {&one}}};
    auto first = host.connect();
    auto second = host.connect();
    auto gone = host.connect();
    const auto asked_first = first.ask(1, "");
    const auto asked_second = second.ask(1, "");
    gone.ask(1, "");
    first.send(1, "one way");
    host.settle();
    gone.close();
    host.advance_ms(20);
    CHECK(first.received().empty());

    auto bad = host.connect();
    bad.send(4, "");
    host.settle();
    check_failed(first, asked_first, Status::internal, " of waiter@1.0.0#1: ended by a fault");
    check_failed(second, asked_second, Status::internal, " of waiter@1.0.0#1: ended by a fault");
    host.advance_ms(1500);
    CHECK(first.received().empty());
    CHECK(second.received().empty());
    CHECK_FALSE(first.closed_by_host());
}

TEST_CASE("what has been answered is not answered again when its instance is parked") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    CHECK(client.call(3, "").text == "now");
    client.ask(2, "");
    host.advance_ms(20);
    REQUIRE(client.received().size() == 1);
    client.send(4, "");
    host.settle();
    CHECK(client.received().empty());
}

TEST_CASE("requests that wait in a version that is rolled back get an error reply") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    CHECK(host.swap(two).outcome == gantry::plugin::SwapOutcome::committed);
    const auto asked = client.ask(1, "");
    host.settle();
    CHECK(host.world().roll_back("waiter", "on purpose"));
    host.settle();
    check_failed(client, asked, Status::unavailable, " of waiter@2.0.0#2: cancelled");
    client.ask(2, "");
    host.advance_ms(20);
    REQUIRE(client.received().size() == 1);
}

TEST_CASE("requests that wait in a plugin that is removed get an error reply") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    const auto asked = client.ask(1, "");
    host.settle();
    REQUIRE(host.world().remove("waiter").has_value());
    host.settle();
    check_failed(client, asked, Status::unavailable, " of waiter@1.0.0#1: cancelled");
}
