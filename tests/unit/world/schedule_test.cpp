// What runs in a world without a message: stages, timers with keys, events, services, tasks.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> trace;

class Stages final : public gantry::WorldPlugin {
    void setup() override {
        const auto note = [](const char* text) {
            return [text](const gantry::Tick&) { trace.emplace_back(text); };
        };
        system("last", gantry::Stage::cleanup, note("cleanup"));
        system("out", gantry::Stage::send, note("send"));
        system("second", gantry::Stage::update, note("update 2"), {.after = {"first"}});
        system("first", gantry::Stage::update, note("update 1"));
        system("in", gantry::Stage::receive, [this](const gantry::Tick&) {
            const gantry::NetworkEvent* events = nullptr;
            const std::uint32_t count = schedule().network_events(&events);
            trace.push_back("receive " + std::to_string(count));
        });
        schedule().keep_network_events();
    }
};
constexpr gantry::PluginDesc stages = linked("stages", "1.0.0", gantry::create<Stages>);

class Circle final : public gantry::WorldPlugin {
    void setup() override {
        const auto nothing = [](const gantry::Tick&) {};
        system("hen", gantry::Stage::update, nothing, {.after = {"egg"}});
        system("egg", gantry::Stage::update, nothing, {.after = {"hen"}});
    }
};
constexpr gantry::PluginDesc circle = linked("circle", "1.0.0", gantry::create<Circle>);

class Timers final : public gantry::WorldPlugin {
    void setup() override {
        on_timer("fire", [](const gantry::TimerFire& fire) {
            trace.push_back(std::string{fire.key.view()} + "=" + std::string{fire.payload.text()});
        });
        on(1, [this](const gantry::Message&) {
            timer("k", "fire", 10ms, gantry::Bytes{"a"});
            sub_ = timer("k", "fire", 10ms, gantry::Bytes{"b"});
            timer("k", "fire", 10ms, gantry::Bytes{"c"});
        });
        on(2, [this](const gantry::Message&) { return std::to_string(cancel("k")); });
        on(3, [this](const gantry::Message&) { return schedule().cancel_timer(sub_); });
        on(4, [this](const gantry::Message&) {
            timer("now", "fire", 0ms, gantry::Bytes{"0"});
            trace.emplace_back("set");
        });
        on(5, [this](const gantry::Message&) { timer("r", "fire", 10ms, gantry::Bytes{"r"}, -1); });
    }
    std::uint64_t sub_ = 0;
};
constexpr gantry::PluginDesc timers = linked("timers", "1.0.0", gantry::create<Timers>);

class Awaits final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message&) -> gantry::Task<std::string> {
            co_await after(20ms);
            const int square = co_await offload([] { return 7 * 7; });
            co_return std::to_string(square + co_await later());
        });
        on(2, [this](const gantry::Message&) -> gantry::Task<> {
            co_await after(5ms);
            throw gantry::HandlerError{gantry::Status::refused, "not today"};
        });
        on(3, [this](const gantry::Message&) -> gantry::Task<> {
            co_await offload([] { throw std::runtime_error("in the pool"); });
        });
    }
    gantry::Task<int> later() {
        co_await after(1ms);
        co_return 1;
    }
};
constexpr gantry::PluginDesc awaits = linked("awaits", "1.0.0", gantry::create<Awaits>);

class Asker final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& message) {
            call("adder", "add", message.payload, 100ms,
                 [this, session = message.session](gantry::Status status, gantry::Bytes answer) {
                     const std::string text = std::string{gantry::status_name(status)} + ":" +
                                              std::string{answer.text()};
                     send(session, 2, gantry::Bytes{std::string_view{text}});
                 });
        });
    }
};
class Adder final : public gantry::HostPlugin {
    void setup() override {
        serve("adder", [](gantry::Str method, gantry::Bytes request) {
            return std::string{method.view()} + "(" + std::string{request.text()} + ")";
        });
    }
};
constexpr gantry::PluginDesc asker = linked("asker", "1.0.0", gantry::create<Asker>);
constexpr gantry::PluginDesc adder =
    linked("adder", "1.0.0", nullptr, nullptr, gantry::create<Adder>);

}  // namespace

TEST_CASE("a tick runs its stages in order, and systems by before and after") {
    trace.clear();
    TestHost host{{.plugins = {&stages}, .tick_hz = 20}};
    auto client = host.connect();
    client.send(77, "x");
    host.advance_ms(51);
    CHECK(trace ==
          std::vector<std::string>{"receive 1", "update 1", "update 2", "send", "cleanup"});
}

TEST_CASE("a circle of systems is refused with the names on it") {
    const gantry::core::ManualClock clock;
    gantry::manifest::ManifestBuilder manifest;
    manifest.no_admin().world("world").plugins({"circle"}).plugin("circle");
    gantry::app::HostOptions options;
    options.linked = {&circle};
    const auto host = gantry::app::Host::create(manifest.build(), clock, options);
    REQUIRE_FALSE(host.has_value());
    CHECK(host.error().message.find("hen before egg before hen") != std::string::npos);
}

TEST_CASE("timers under one key never overwrite each other and are cancelled together") {
    trace.clear();
    TestHost host{{.plugins = {&timers}}};
    auto client = host.connect();
    client.send(1, "");
    host.advance_ms(20);
    CHECK(trace == std::vector<std::string>{"k=a", "k=b", "k=c"});

    trace.clear();
    client.send(1, "");
    CHECK(client.call(2, "").text == "3");
    host.advance_ms(20);
    CHECK(trace.empty());

    client.send(1, "");
    client.send(3, "");
    host.advance_ms(20);
    CHECK(trace == std::vector<std::string>{"k=a", "k=c"});

    trace.clear();
    client.send(4, "");
    host.settle();
    CHECK(trace == std::vector<std::string>{"set", "now=0"});

    trace.clear();
    client.send(5, "");
    host.advance_ms(55);
    CHECK(trace.size() == 5);
}

TEST_CASE("a handler may wait, work on the pool and await another task") {
    TestHost host{{.plugins = {&awaits}}};
    auto client = host.connect();
    client.ask(1, "");
    host.advance_ms(30);
    const auto received = client.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].text == "50");
}

TEST_CASE("what a task throws becomes the error reply of its request") {
    TestHost host{{.plugins = {&awaits}}};
    auto client = host.connect();
    client.ask(2, "");
    client.ask(3, "");
    host.advance_ms(10);
    const auto received = client.received();
    REQUIRE(received.size() == 2);
    CHECK(received[0].status == gantry::Status::internal);
    CHECK(received[0].text == "awaits@1.0.0#1: internal");
    CHECK(received[1].status == gantry::Status::refused);
    CHECK(received[1].text == "awaits@1.0.0#1: not today");
}

TEST_CASE("a call to a service of another room is answered, and one to nobody says so") {
    {
        TestHost host{{.plugins = {&asker, &adder}}};
        auto client = host.connect();
        client.send(1, "2+2");
        host.settle();
        const auto received = client.received();
        REQUIRE(received.size() == 1);
        CHECK(received[0].text == "ok:add(2+2)");
    }
    TestHost host{{.plugins = {&asker}}};
    auto client = host.connect();
    client.send(1, "2+2");
    host.settle();
    const auto received = client.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].text == "not_found:");
}
