// Objects over the ECS: inherit, override, attach, tick, swap, and still attached.
#include "gantry/objects.h"

#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/ecs/inspect.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

std::vector<std::string> trace;

struct Health {
    std::int32_t points = 10;
};
GANTRY_COMPONENT_AS("game.health", Health, 1, GANTRY_FIELD(points))

template <int version>
struct Monster : gantry::Behaviour {
    static constexpr std::string_view name = "game.monster";
    void on_attach() override {
        add<Health>();
        trace.emplace_back("attached");
    }
    void on_wake() override { trace.push_back("woken by v" + std::to_string(version)); }
    void on_tick(const gantry::Tick&) override { get<Health>().points += version; }
    void on_message(const gantry::Message& message) override {
        plugin().reply(message, gantry::Bytes{cry()});
    }
    void on_detach() override { trace.emplace_back("detached"); }
    virtual std::string cry() { return "grr " + std::to_string(get<Health>().points); }
};

template <int version>
struct Boss : Monster<version> {
    static constexpr std::string_view name = "game.boss";
    void on_tick(const gantry::Tick& tick) override {
        Monster<version>::on_tick(tick);
        Monster<version>::on_tick(tick);
    }
    std::string cry() override { return "BOSS " + Monster<version>::cry(); }
};

struct Bomb : gantry::Behaviour {
    static constexpr std::string_view name = "game.bomb";
    void on_tick(const gantry::Tick&) override { plugin().destroy_object(entity()); }
    void on_detach() override { trace.emplace_back("boom"); }
};
struct Broken : gantry::Behaviour {
    static constexpr std::string_view name = "game.broken";
    void on_tick(const gantry::Tick&) override { throw std::runtime_error("broken"); }
};

template <int version>
class Game : public gantry::ObjectPlugin {
    void setup() override {
        this->template behaviour<Broken>();
        this->template behaviour<Monster<version>>();
        this->template behaviour<Boss<version>>();
        this->template behaviour<Bomb>();
        on_objects(1);
        on(2, [this](const gantry::Message& message) {
            this->template attach<Boss<version>>(message.entity);
        });
        on(3, [this](const gantry::Message& message) {
            const auto* const monster = this->template find<Monster<version>>(message.entity);
            return std::string{monster == nullptr ? "none" : "a monster"};
        });
        on(4, [this](const gantry::Message& message) {
            return std::string{this->template detach<Boss<version>>(message.entity) ? "off" : "no"};
        });
        on(5, [this](const gantry::Message&) {
            const gantry::Object bomb = create(Health{1});
            this->template attach<Bomb>(bomb.entity());
            this->template attach<Broken>(create().entity());
        });
        on(6, [](const gantry::Message&) { throw std::runtime_error("as asked"); });
    }
};
constexpr gantry::PluginDesc one = linked("game", "1.0.0", gantry::create<Game<1>>);
constexpr gantry::PluginDesc two = linked("game", "2.0.0", gantry::create<Game<2>>);

class Twice final : public gantry::ObjectPlugin {
    void setup() override {
        behaviour<Bomb>();
        behaviour<Bomb>();
    }
};
constexpr gantry::PluginDesc twice = linked("game", "3.0.0", gantry::create<Twice>);

/// "component.field=value" of every component of an entity but the host's own.
std::vector<std::string> inspected(TestHost& host, gantry::Entity entity) {
    std::vector<std::string> lines;
    gantry::ecs::World& world = host.world().entities();
    for (const auto& component : gantry::ecs::list_components(world)) {
        if (component.schema->name.starts_with("gantry.")) continue;
        for (const auto& field : gantry::ecs::fields_of(world, entity, component.id)) {
            lines.push_back(component.schema->name + "." + field.name + "=" + field.text);
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

constexpr std::int64_t tick_ms = 50;

}  // namespace

TEST_CASE("an attached object ticks, answers and is found by what it inherits") {
    trace.clear();
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    CHECK(client.call(3, "").text == "none");
    client.send(2, "");
    client.send(2, "");  // attaching twice is attaching once
    host.settle();
    CHECK(trace == std::vector<std::string>{"attached"});
    CHECK(client.call(1, "").text == "BOSS grr 10");
    host.advance_ms(2 * tick_ms);
    CHECK(client.call(1, "").text == "BOSS grr 14");
    CHECK(client.call(3, "").text == "a monster");
    CHECK(client.call(4, "").text == "off");
    CHECK(client.call(4, "").text == "no");
    CHECK(trace == std::vector<std::string>{"attached", "detached"});
    client.send(2, "");
    client.close();
    host.settle();
    CHECK(trace.back() == "detached");  // with its session
}

TEST_CASE("objects live on in the next version's classes, and after a rollback in the old ones") {
    trace.clear();
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(2, "");
    host.advance_ms(tick_ms);
    CHECK(client.call(1, "").text == "BOSS grr 12");

    const auto report = host.swap(two);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(client.call(1, "").text == "BOSS grr 12");
    host.advance_ms(tick_ms);
    CHECK(client.call(1, "").text == "BOSS grr 16");
    CHECK(trace == std::vector<std::string>{"attached", "woken by v2"});

    for (int i = 0; i < 3; ++i) client.call(6, "");
    host.settle();
    REQUIRE(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    host.advance_ms(tick_ms);
    CHECK(client.call(1, "").text == "BOSS grr 18");
    CHECK(trace == std::vector<std::string>{"attached", "woken by v2", "woken by v1"});
}

TEST_CASE("the inspector shows what is attached, beside the data") {
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(2, "");
    host.settle();
    const auto entities = gantry::ecs::list_entities(host.world().entities(), 0, 10);
    REQUIRE(entities.size() == 1);
    CHECK(inspected(host, entities[0]) ==
          std::vector<std::string>{"game.boss.started=true", "game.health.points=10"});
    client.call(4, "");
    CHECK(inspected(host, entities[0]) == std::vector<std::string>{"game.health.points=10"});
}

TEST_CASE(
    "an object may destroy its own entity while it ticks, and one that throws stops no other") {
    trace.clear();
    TestHost host{{.plugins = {&one}}};
    auto client = host.connect();
    client.send(5, "");
    client.send(2, "");
    host.advance_ms(tick_ms);
    CHECK(trace == std::vector<std::string>{"attached", "boom"});
    CHECK(host.world().entity_count() == 2);  // the player and the broken one
    CHECK(client.call(1, "").text == "BOSS grr 12");
    CHECK(host.world().instances()[0]->vitals().failures == 1);
}

TEST_CASE("two behaviours of one name are refused") {
    TestHost host{{.plugins = {&one}}};
    CHECK(host.swap(twice).outcome == SwapOutcome::refused);
}
