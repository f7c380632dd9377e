// Two plugins that need each other, swapped in one moment: no tick, in no world, sees old and new
// mixed; and whatever fails, both stay or both go back.
#include <doctest/doctest.h>

#include <set>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::plugin::SwapOutcome;

namespace {

struct Rules {
    static constexpr const char* name = "pair.rules/1";
    virtual int version() = 0;

protected:
    ~Rules() = default;
};

struct PairVersions {
    int bots = 0;
    int rules = 0;
    auto operator<=>(const PairVersions&) const = default;
};
std::set<PairVersions> seen;        // by ticks
std::set<PairVersions> told;        // {receiver, sender} of events between worlds
std::vector<std::string> restored;  // in the order in which it happened
std::string fails_in;               // the world where a version that may fails to restore

namespace v1 {
struct Unit {
    std::int32_t points = 10;
};
GANTRY_COMPONENT_AS("pair.unit", Unit, 1, GANTRY_FIELD(points))
}  // namespace v1
namespace v2 {
struct Unit {
    std::int32_t shield = 5;
    std::int64_t points = 10;
};
GANTRY_COMPONENT_AS("pair.unit", Unit, 2, GANTRY_FIELD(shield), GANTRY_FIELD(points))
}  // namespace v2

template <class Unit, int number>
class RulesPlugin : public gantry::WorldPlugin, public Rules {
public:
    int version() override { return number; }

protected:
    void setup() override {
        world().template use<Unit>();
        provide<Rules>(Rules::name, this);
        serve("pair.version/1", [](gantry::Str, gantry::Bytes) { return std::to_string(number); });
        on(1, [this](const gantry::Message& message) {
            world().template emplace_or_replace<Unit>(message.entity).points = 42;
        });
        on(2, [this](const gantry::Message& message) {
            const auto* unit = world().template try_get<const Unit>(message.entity);
            return std::to_string(number) + ":" + (unit ? std::to_string(unit->points) : "none");
        });
    }
    void save_state(gantry::StateWriter& writer) override {
        writer.put("rules", gantry::Bytes{std::string_view{"kept"}});
    }
    void restore_state(gantry::StateReader&) override {
        restored.push_back("rules " + std::to_string(number));
    }
};

template <class Unit, int number>
class BotsPlugin : public gantry::WorldPlugin {
protected:
    void setup() override {
        world().template use<Unit>();
        rules_ = service<Rules>(Rules::name);
        system("look", gantry::Stage::update, [this](const gantry::Tick&) {
            seen.insert({number, rules_ ? rules_->version() : 0});
            const std::string text = std::to_string(number);
            const auto other = find_world(self().world_name.view() == "world" ? "other" : "world");
            if (other.value != 0) post_to(other, "version", gantry::Bytes{std::string_view{text}});
        });
        subscribe("version", [](gantry::Bytes text) {
            told.insert({number, std::atoi(std::string{text.text()}.c_str())});
        });
        on(3, [](const gantry::Message&) { return std::to_string(number); });
        on(4, [this](const gantry::Message&) -> gantry::Task<std::string> {
            co_await after(300ms);
            co_return "late";
        });
        on(5, [](const gantry::Message&) -> std::string { throw std::runtime_error("broken"); });
    }
    void save_state(gantry::StateWriter& writer) override {
        writer.put("bots", gantry::Bytes{std::string_view{"kept"}});
    }
    void restore_state(gantry::StateReader&) override {
        restored.push_back("bots " + std::to_string(number));
        if (fails_in == self().world_name.view()) throw std::runtime_error("cannot read that");
    }
    gantry::Service<Rules> rules_;
};

constexpr gantry::PluginDesc rules_1 =
    linked("rules", "1.0.0", gantry::create<RulesPlugin<v1::Unit, 1>>);
constexpr gantry::PluginDesc rules_2 =
    linked("rules", "2.0.0", gantry::create<RulesPlugin<v2::Unit, 2>>);
constexpr gantry::PluginDesc bots_1 = linked(
    "bots", "1.0.0", gantry::create<BotsPlugin<v1::Unit, 1>>, nullptr, nullptr, {"rules", "1.0.0"});
constexpr gantry::PluginDesc bots_2 = linked(
    "bots", "2.0.0", gantry::create<BotsPlugin<v2::Unit, 2>>, nullptr, nullptr, {"rules", "2.0.0"});
// Named in the order that is not the one of their dependencies.
constexpr std::array both{&bots_2, &rules_2};

struct PairHost : TestHost {
    PairHost()
        : TestHost{{.plugins = {&rules_1, &bots_1}, .worlds = {"world", "other"}, .workers = 2}} {
        seen.clear();
        told.clear();
        restored.clear();
        fails_in.clear();
    }
    bool mixed() const {
        for (const PairVersions& pair : seen) {
            if (pair.bots != pair.rules) return true;
        }
        // What the old one had sent before may still reach the new one; never the reverse.
        return told.contains({1, 2});
    }
};

}  // namespace

TEST_CASE("two plugins of one plan switch in the same moment in all worlds") {
    PairHost host;
    auto client = host.connect();
    client.send(1, "");
    host.advance_ms(200);
    const auto report = host.swap(both);
    CHECK(report.outcome == SwapOutcome::committed);
    CHECK(report.plugin == "bots, rules");
    CHECK(report.from == "bots@1.0.0#1, rules@1.0.0#1");
    CHECK(report.to == "bots@2.0.0#2, rules@2.0.0#2");
    CHECK(restored == std::vector<std::string>{"rules 2", "bots 2", "rules 2", "bots 2"});
    CHECK(client.call(2, "").text == "2:42");
    CHECK(client.call(3, "").text == "2");
    host.advance_ms(200);
    CHECK(seen == std::set<PairVersions>{{1, 1}, {2, 2}});
    CHECK_FALSE(host.mixed());
    CHECK_FALSE(client.closed_by_host());
}

TEST_CASE("a version that would leave a dependent behind is refused, and the plan is named") {
    PairHost host;
    const auto report = host.swap(rules_2);
    CHECK(report.outcome == SwapOutcome::refused);
    CHECK(report.reason ==
          "bots@1.0.0#1 needs rules 1.0.0 or later of that major version, not rules@2.0.0#2; swap "
          "both at once: gantry swap rules bots");
    const auto alone = host.swap(bots_2);
    CHECK(alone.outcome == SwapOutcome::refused);
    CHECK(alone.reason.starts_with("bots@2.0.0#2 needs rules 2.0.0"));
}

TEST_CASE("when one world cannot take over, all worlds keep both old ones") {
    PairHost host;
    auto client = host.connect();
    client.send(1, "");
    fails_in = "other";
    const auto report = host.swap(both);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason ==
          "world other: bots@2.0.0#2 could not take over the state of bots@1.0.0#1");
    CHECK(client.call(2, "").text == "1:42");
    CHECK(client.call(3, "").text == "1");
    host.advance_ms(200);
    CHECK(seen == std::set<PairVersions>{{1, 1}});
    // Nothing is left that would keep the next attempt from working.
    fails_in.clear();
    CHECK(host.swap(both).outcome == SwapOutcome::committed);
    CHECK(client.call(2, "").text == "2:42");
}

TEST_CASE("a world that is ready serves on until the slowest one is, then both switch") {
    PairHost host;
    auto client = host.connect();
    client.ask(4, "");  // a task in one world only
    host.settle();
    const std::uint64_t ticket = host.host().plugins().swap_linked(both);
    host.advance_ms(100);
    CHECK(host.report(ticket).outcome == SwapOutcome::running);
    const std::uint64_t ticks = host.world("other").tick_number();
    host.advance_ms(100);
    CHECK(host.world("other").tick_number() > ticks);
    CHECK(client.call(3, "").text == "1");
    host.advance_ms(200);
    CHECK(host.report(ticket).outcome == SwapOutcome::committed);
    CHECK(client.call(3, "").text == "2");
    host.advance_ms(200);
    CHECK_FALSE(host.mixed());
}

TEST_CASE("what one of a plan does wrong in its probation takes both back") {
    PairHost host;
    auto client = host.connect();
    client.send(1, "");
    const auto report = host.swap(both);
    REQUIRE(report.outcome == SwapOutcome::committed);
    for (int i = 0; i < 3; ++i) CHECK(client.call(5, "").status == gantry::Status::internal);
    host.settle();
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(client.call(2, "").text == "1:42");
    CHECK(client.call(3, "").text == "1");
    host.advance_ms(200);
    CHECK_FALSE(host.mixed());
}

TEST_CASE("after the probation of a plan both predecessors have left") {
    PairHost host;
    REQUIRE(host.swap(both).outcome == SwapOutcome::committed);
    host.advance_ms(1200);
    CHECK(host.host().plugins().snapshot().generations.size() == 2);
    CHECK(host.host().plugins().snapshot().counters.libraries_unmapped >= 2);
}

TEST_CASE("a world that never becomes idle keeps the others from switching, not from serving") {
    class Never final : public BotsPlugin<v1::Unit, 1> {
        bool is_idle() noexcept override { return self().world_name.view() != "other"; }
    };
    static constexpr gantry::PluginDesc never =
        linked("bots", "1.1.0", gantry::create<Never>, nullptr, nullptr, {"rules", "1.0.0"});
    TestHost host{{.plugins = {&rules_1, &never}, .worlds = {"world", "other"}}};
    fails_in.clear();
    auto client = host.connect();
    const std::uint64_t ticket = host.host().plugins().swap_linked(both);
    host.advance_ms(2000);
    CHECK(client.call(3, "").text == "1");
    host.advance_ms(1000);
    CHECK(host.report(ticket).outcome == SwapOutcome::given_up);
    CHECK(host.report(ticket).reason.find("world other: bots@1.1.0#1 was not idle") == 0);
    CHECK(client.call(3, "").text == "1");
}

// A world that gets no turn any more, from whatever moment on: those that wait for it stand still
// no longer than the plan's own deadline, and in the end all have one version.
TEST_CASE(
    "a world that is stuck between two steps of a plan has it given up, and the old ones go on") {
    constexpr std::string_view sentence = "not all worlds came to the hand-over in time";
    int given_up_in_time = 0;
    for (int turns = 1; turns <= 24; ++turns) {
        CAPTURE(turns);
        PairHost host;
        auto client = host.connect();
        client.send(1, "");
        host.advance_ms(100);
        const auto& rooms = host.host().rooms();
        gantry::world::Worker& free = *rooms.workers[rooms.worlds[0].worker];
        gantry::world::Worker& stuck = *rooms.workers[rooms.worlds[1].worker];
        REQUIRE(&free != &stuck);

        const std::uint64_t ticket = host.host().plugins().swap_linked(both);
        for (int i = 0; i < turns; ++i) {
            free.poll(host.clock().now());
            if (i % 2 == 0) stuck.poll(host.clock().now());
            host.host().poll_control(host.clock().now());
        }
        const auto free_goes_on = [&](std::int64_t ms) {
            const std::uint64_t before = host.world().tick_number();
            for (std::int64_t i = 0; i < ms; ++i) {
                host.clock().advance(gantry::ns_per_ms);
                free.poll(host.clock().now());
                host.host().poll_control(host.clock().now());
            }
            return host.world().tick_number() - before;
        };
        (void)free_goes_on(700);  // the deadline: what it may hold, and a little
        CHECK(free_goes_on(1000) >= 19);

        host.settle();
        host.advance_ms(100);
        const auto report = host.report(ticket);
        const bool committed = report.outcome == SwapOutcome::committed;
        if (!committed) CHECK(report.outcome == SwapOutcome::given_up);
        given_up_in_time += report.reason == sentence ? 1 : 0;
        CHECK(client.call(2, "").text == (committed ? "2:42" : "1:42"));
        CHECK(client.call(3, "").text == (committed ? "2" : "1"));
        for (const PairVersions& pair : seen) CHECK(pair.bots == pair.rules);
        CHECK_FALSE(client.closed_by_host());
        if (!committed) {
            CHECK(host.swap(both).outcome == SwapOutcome::committed);
            CHECK(client.call(2, "").text == "2:42");
        }
    }
    CHECK(given_up_in_time > 0);
}

TEST_CASE(
    "a plan is refused that names nobody, or one twice, or that is wanted in a share of one "
    "world") {
    TestHost host{{.plugins = {&rules_1}}};
    auto& plugins = host.host().plugins();
    const auto refused = [&](const gantry::plugin::SwapWish& wish) {
        const auto ticket = plugins.swap(wish);
        return ticket ? std::string{"accepted"} : ticket.error().message;
    };
    CHECK(refused({}) == "no plugin is named");
    CHECK(refused({.plugins = {{"a", {}, "a.so"}, {"a", {}, "b.so"}}}) == "a is named twice");
    CHECK(refused({.plugins = {{"a", {}, "a.so"}, {"b", {}, "b.so"}}, .worlds = "5%"}) ==
          "only one world has all these plugins: a share of that cannot be taken");
}

// A call from another room that was on its way when its provider was replaced found nobody: it was
// bound to the generation that had been asked, and answered "unavailable".
TEST_CASE("a call that is on its way across a swap is answered by whoever serves then") {
    class Asks final : public gantry::WorldPlugin {
        void setup() override {
            on(7, [this](const gantry::Message& message) {
                call("pair.version/1", "", {}, 1s,
                     [this, session = message.session](gantry::Status status, gantry::Bytes text) {
                         const std::string answer = std::string{gantry::status_name(status)} + " " +
                                                    std::string{text.text()};
                         net().send(session, 8, 0, gantry::Bytes{std::string_view{answer}});
                     });
            });
        }
    };
    static constexpr gantry::PluginDesc asks = linked("asks", "1.0.0", gantry::create<Asks>);
    static constexpr gantry::PluginDesc mended =
        linked("rules", "1.0.1", gantry::create<RulesPlugin<v1::Unit, 3>>);
    TestHost host{{.plugins = {&rules_1, &asks}}};
    auto client = host.connect();
    for (int i = 0; i < 20; ++i) {
        client.send(7, "");
        const auto& next = i % 2 == 0 ? mended : rules_1;
        (void)host.host().plugins().swap_linked(std::array{&next});
        host.settle();
        const auto received = client.received();
        REQUIRE(received.size() == 1);
        CHECK(received[0].text.starts_with("ok "));
        host.advance_ms(1100);
    }
}
