// What a version has protected outlives its rollback, in a world, on a shard and in the service;
// its private state does where it can still be told. On shards it once went back to the hand-over.
#include <doctest/doctest.h>

#include <stdexcept>

#include "gantry/gantry.h"
#include "host/core/log.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t remember_id = 1, tell_id = 2, throw_id = 3;
bool cannot_save = false;

/// One number kept as private state, and the same one protected.
template <class Base>
class Remembers : public Base {
protected:
    void remember() {
        kept_ = "later";
        this->expect(this->raise_number(7, 42, 1h));
    }
    std::string tell() const { return kept_ + " " + std::to_string(this->raised_number(7)); }
    static void fail() { throw std::runtime_error{"on purpose"}; }

    void save_state(StateWriter& writer) override {
        if (cannot_save) throw std::runtime_error{"disk is full"};
        writer.put("kept", Bytes{std::string_view{kept_}});
    }
    void restore_state(StateReader& reader) override { kept_ = reader.get("kept").text(); }
    std::string kept_ = "before";
};

class InWorld : public Remembers<WorldPlugin> {
    void setup() override {
        on(remember_id, [this](const Message&) {
            remember();
            return tell();
        });
        on(tell_id, [this](const Message&) { return tell(); });
        on(throw_id, [](const Message&) { fail(); });
    }
};

class OnShard : public Remembers<IoPlugin> {
    void setup() override {
        route(remember_id, [this](const IoMessage&) {
            remember();
            return answer();
        });
        route(tell_id, [this](const IoMessage&) { return answer(); });
        route(throw_id, [](const IoMessage&) { fail(); });
    }
    Bytes answer() {
        answer_ = tell();
        return Bytes{std::string_view{answer_}};
    }
    std::string answer_;
};

/// Asked through a world.
class InService : public Remembers<HostPlugin> {
    void setup() override {
        serve("remembers", [this](Str method, Bytes) {
            if (method.view() == "remember") remember();
            if (method.view() == "throw") fail();
            return tell();
        });
    }
};
class Asks : public WorldPlugin {
    void setup() override {
        on(remember_id, [this](const Message& message) { ask("remember", message); });
        on(tell_id, [this](const Message& message) { ask("tell", message); });
        on(throw_id, [this](const Message& message) { ask("throw", message); });
    }
    void ask(Str method, const Message& message) {
        call("remembers", method, {}, 1s, [this, session = message.session](Status, Bytes text) {
            net().send(session, 9, 0, text);
        });
    }
};

constexpr PluginDesc world_1 = linked("one", "1.0.0", create<InWorld>);
constexpr PluginDesc world_2 = linked("one", "2.0.0", create<InWorld>);
constexpr PluginDesc shard_1 = linked("one", "1.0.0", nullptr, create<OnShard>);
constexpr PluginDesc shard_2 = linked("one", "2.0.0", nullptr, create<OnShard>);
constexpr PluginDesc service_1 = linked("one", "1.0.0", nullptr, nullptr, create<InService>);
constexpr PluginDesc service_2 = linked("one", "2.0.0", nullptr, nullptr, create<InService>);
constexpr PluginDesc asks = linked("asks", "1.0.0", create<Asks>);

class Nothing : public WorldPlugin {
    void setup() override {}
};
constexpr PluginDesc stranger = linked("two", "1.0.0", create<Nothing>);

struct Place {
    const char* name;
    const PluginDesc* first;
    const PluginDesc* second;
    bool through_world;
};
constexpr Place places[] = {{"world", &world_1, &world_2, false},
                            {"shard", &shard_1, &shard_2, false},
                            {"service", &service_1, &service_2, true}};

std::string ask(TestHost& host, TestClient& client, const Place& place, std::uint16_t id) {
    if (!place.through_world) return client.call(id, "").text;
    client.send(id, "");
    host.settle();
    const auto received = client.received();
    return received.empty() ? "" : received.back().text;
}

/// What is told after a rollback of the version that remembered.
std::string after_rollback(const Place& place, bool can_save) {
    TestHostConfig config{.plugins = {place.first}};
    if (place.through_world) config.plugins.push_back(&asks);
    TestHost host{config};
    auto client = host.connect();
    CHECK(ask(host, client, place, tell_id) == "before 0");
    const auto report = host.swap(*place.second);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(ask(host, client, place, remember_id) == "later 42");
    cannot_save = !can_save;
    for (int i = 0; i < 3; ++i) ask(host, client, place, throw_id);
    host.settle();
    cannot_save = false;
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK_FALSE(client.closed_by_host());
    return ask(host, client, place, tell_id);
}

}  // namespace

TEST_CASE("a rollback takes over private state and what was protected") {
    for (const Place& place : places) {
        CAPTURE(std::string{place.name});
        CHECK(after_rollback(place, true) == "later 42");
    }
}

TEST_CASE("where private state cannot be told and goes back, what was protected does not") {
    for (const Place& place : places) {
        CAPTURE(std::string{place.name});
        CHECK(after_rollback(place, false) == "before 42");
    }
}

TEST_CASE("what a plugin protects in one room, no other room and no other plugin sees") {
    TestHost host{{.plugins = {&world_1, &stranger}, .worlds = {"world", "other"}}};
    auto client = host.connect();
    CHECK(client.call(remember_id, "").text == "later 42");
    CHECK(host.world().instances()[0]->raised(7) == 42);
    CHECK(host.world().instances()[1]->raised(7) == 0);
    CHECK(host.world("other").instances()[0]->raised(7) == 0);
}

TEST_CASE("beyond the limit nothing passes for what could not be written down, and it is counted") {
    log::set_level(log::Level::off);
    TestHost host{{.plugins = {&world_1}}};
    auto& instance = *host.world().instances().front();
    const TimeNs until = host.clock().now() + ns_per_s;
    std::uint64_t key = 100;
    while (instance.raise(key, 1, until) == Status::ok) ++key;
    CHECK(key == 100 + route::ProtectedStore::numbers_max_default);
    CHECK(host.host().protected_refused() == 1);
    CHECK(instance.raised(100) == 1);
    CHECK(instance.raised(7) == UINT64_MAX);
    host.advance_ms(1100);
    CHECK(instance.raised(7) == 0);
    CHECK(instance.raise(7, 1, host.clock().now() + ns_per_s) == Status::ok);
    CHECK(instance.raised(7) == 1);
    log::set_level(log::Level::info);
}
