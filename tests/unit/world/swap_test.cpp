// Swaps of a world's plugin: what stays, what moves over, and when nothing happens at all.
#include <doctest/doctest.h>

#include <array>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::plugin::SwapOutcome;

namespace {

namespace v1 {
struct Health {
    std::int32_t points = 10;
};
GANTRY_COMPONENT_AS("test.health", Health, 1, GANTRY_FIELD(points))
}  // namespace v1
namespace v2 {
struct Health {
    std::int32_t shield = 5;
    std::int64_t points = 10;
};
GANTRY_COMPONENT_AS("test.health", Health, 2, GANTRY_FIELD(shield), GANTRY_FIELD(points))
}  // namespace v2

/// Counts what it was sent; the count is private state. Health is a component.
template <class Health, int version>
class Counter : public gantry::WorldPlugin {
protected:
    void setup() override {
        world().template use<Health>();
        on(1, [this](const gantry::Message&) {
            return "v" + std::to_string(version) + ":" + std::to_string(++count_);
        });
        on(2, [this](const gantry::Message& message) {
            world().template emplace_or_replace<Health>(message.entity).points = 42;
        });
        on(3, [this](const gantry::Message& message) {
            const auto* health = world().template try_get<const Health>(message.entity);
            return health == nullptr ? std::string{"none"} : std::to_string(health->points);
        });
        on_timer("ring", [this](const gantry::TimerFire& fire) {
            broadcast(9, gantry::Bytes{"v" + std::to_string(version) + " rings " +
                                       std::string{fire.payload.text()}});
        });
        on(4,
           [this](const gantry::Message& message) { timer("key", "ring", 50ms, message.payload); });
    }
    void save_state(gantry::StateWriter& writer) override {
        const std::string text = std::to_string(count_);
        writer.put("count", gantry::Bytes{std::string_view{text}});
    }
    void restore_state(gantry::StateReader& reader) override {
        count_ = std::atoi(std::string{reader.get("count").text()}.c_str());
    }
    int count_ = 0;
};

using V1 = Counter<v1::Health, 1>;
using V2 = Counter<v2::Health, 2>;

class Throws final : public V2 {
    void restore_state(gantry::StateReader&) override {
        throw std::runtime_error("cannot read that");
    }
};
class Refuses final : public V2 {
    void setup() override { refuse("this version does not like the world"); }
};
class Fails final : public V2 {
    void setup() override {
        V2::setup();
        on(5, [](const gantry::Message&) { throw std::runtime_error("broken"); });
    }
};
class Slow final : public V1 {
    void setup() override {
        V1::setup();
        on(6, [this](const gantry::Message&) -> gantry::Task<std::string> {
            co_await after(300ms);
            co_return "late";
        });
    }
};

constexpr gantry::PluginDesc one = linked("counter", "1.0.0", gantry::create<V1>);
constexpr gantry::PluginDesc two = linked("counter", "2.0.0", gantry::create<V2>);
constexpr gantry::PluginDesc throws = linked("counter", "3.0.0", gantry::create<Throws>);
constexpr gantry::PluginDesc refuses = linked("counter", "3.1.0", gantry::create<Refuses>);
constexpr gantry::PluginDesc fails = linked("counter", "3.2.0", gantry::create<Fails>);
constexpr gantry::PluginDesc slow = linked("counter", "1.1.0", gantry::create<Slow>);

}  // namespace

TEST_CASE("a swap keeps sessions, private state and components, and switches the code") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(2, "");
    CHECK(client.call(1, "").text == "v1:1");
    CHECK(client.call(3, "").text == "42");

    const auto report = host.swap(two);
    CHECK(report.outcome == SwapOutcome::committed);
    CHECK(report.from == "counter@1.0.0#1");
    CHECK(report.to == "counter@2.0.0#2");
    CHECK(client.call(1, "").text == "v2:2");
    CHECK(client.call(3, "").text == "42");
    CHECK_FALSE(client.closed_by_host());
}

TEST_CASE("a portable timer set by the old version is answered by the new one") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(4, "bell");
    host.settle();
    CHECK(host.swap(two).outcome == SwapOutcome::committed);
    host.advance_ms(60);
    const auto received = client.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].text == "v2 rings bell");
}

TEST_CASE("a version that cannot take over the state is given up, and nothing has changed") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(2, "");
    CHECK(client.call(1, "").text == "v1:1");
    const auto report = host.swap(throws);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("could not take over the state") != std::string::npos);
    CHECK(client.call(1, "").text == "v1:2");
    CHECK(client.call(3, "").text == "42");
}

TEST_CASE("a version that refuses to start is refused while the old one serves") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    const auto report = host.swap(refuses);
    CHECK(report.outcome == SwapOutcome::refused);
    CHECK(report.reason.find("refused to start") != std::string::npos);
    CHECK(client.call(1, "").text == "v1:1");
}

TEST_CASE(
    "too many failures in the probation bring the old version back with what happened since") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(2, "");
    CHECK(client.call(1, "").text == "v1:1");
    const auto report = host.swap(fails);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(client.call(1, "").text == "v2:2");
    for (int i = 0; i < 3; ++i) CHECK(client.call(5, "").status == gantry::Status::internal);
    host.settle();
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(client.call(1, "").text == "v1:3");
    CHECK(client.call(3, "").text == "42");
    CHECK(client.call(5, "").status == gantry::Status::not_found);
}

TEST_CASE(
    "after its probation the old version is gone, and the next swap begins from the new one") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    CHECK(host.swap(two).outcome == SwapOutcome::committed);
    const auto during = host.swap(one);
    CHECK(during.outcome == SwapOutcome::refused);
    CHECK(during.reason.find("in its probation") != std::string::npos);
    host.advance_ms(1100);
    CHECK(host.host().plugins().snapshot().counters.libraries_unmapped >= 1);
    const auto report = host.swap(one);
    // v1 has no shield and a narrower number: without a declared way the layout cannot go back.
    CHECK(report.outcome == SwapOutcome::refused);
    CHECK(client.call(1, "").text == "v2:1");
}

TEST_CASE("a swap waits for the old version's tasks, and gives up at its deadline") {
    TestHost host{{.plugins = {&slow}}};
    auto client = host.connect();
    client.ask(6, "");
    host.settle();
    const std::uint64_t ticket = host.host().plugins().swap_linked(std::array{&two});
    host.advance_ms(100);
    CHECK(host.report(ticket).outcome == SwapOutcome::running);
    CHECK(client.call(1, "").text == "v1:1");  // the old one serves while it drains
    host.advance_ms(250);
    CHECK(host.report(ticket).outcome == SwapOutcome::committed);
    const auto received = client.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].text == "late");
    CHECK(client.call(1, "").text == "v2:2");
}

TEST_CASE("messages that arrive while a world holds are handled afterwards, in order") {
    class Never final : public V1 {
        bool is_idle() noexcept override { return false; }
    };
    static constexpr gantry::PluginDesc never = linked("counter", "1.2.0", gantry::create<Never>);
    TestHost host{{.plugins = {&never}}};
    auto client = host.connect();
    const std::uint64_t ticket = host.host().plugins().swap_linked(std::array{&two});
    host.advance_ms(2100);  // past drain_ms: the world holds now
    const auto first = client.ask(1, "");
    const auto second = client.ask(1, "");
    host.settle();
    CHECK(client.received().empty());
    CHECK(host.world().held_count() == 2);
    host.advance_ms(600);  // past hold_ms: given up
    CHECK(host.report(ticket).outcome == SwapOutcome::given_up);
    const auto received = client.received();
    REQUIRE(received.size() == 2);
    CHECK(received[0].correlation == first);
    CHECK(received[0].text == "v1:1");
    CHECK(received[1].correlation == second);
    CHECK(received[1].text == "v1:2");
}
