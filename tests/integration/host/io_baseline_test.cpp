// What io and service plugins do is compared with what the version before did. Only worlds were
// counted: a layer that had thrown forty times in four seconds was replaced by one that throws as
// often, and this went back after three failures. And a version that refused every request passed.
#include <doctest/doctest.h>

#include <stdexcept>

#include "gantry/gantry.h"
#include "host/core/log.h"
#include "host/core/sanitized.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using plugin::GenerationStatus;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t ask_id = 1, throw_id = 2, new_id = 3;

template <int number>
class OnShard : public IoPlugin {
    void setup() override {
        route(ask_id, [](const IoMessage&) { return Bytes{std::string_view{"answer"}}; });
        route(throw_id, [](const IoMessage&) { throw std::runtime_error{"on purpose"}; });
        if (number == 2) route(new_id, [](const IoMessage&) {});
    }
};

template <int number>
class InWorld : public WorldPlugin {
    void setup() override {
        on(ask_id, [](const Message&) {
            if (number == 2) throw HandlerError{Status::refused, "not today"};
            return std::string{"answer"};
        });
        on(throw_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
        if (number == 2) on(new_id, [](const Message&) {});
    }
};

class Answers : public HostPlugin {
    void setup() override {
        serve("answers", [](Str method, Bytes) {
            if (method.view() == "refuse") throw HandlerError{Status::refused, "not today"};
            return std::string{"answer"};
        });
    }
};
class Asks : public WorldPlugin {
    void setup() override {
        on(ask_id, [this](const Message& message) {
            call("answers", message.payload.text(), {}, std::chrono::seconds{1},
                 [](Status, Bytes) {});
        });
    }
};

constexpr PluginDesc shard_1 = linked("one", "1.0.0", nullptr, create<OnShard<1>>);
constexpr PluginDesc shard_2 = linked("one", "2.0.0", nullptr, create<OnShard<2>>);
constexpr PluginDesc world_1 = linked("one", "1.0.0", create<InWorld<1>>);
constexpr PluginDesc world_2 = linked("one", "2.0.0", create<InWorld<2>>);
constexpr PluginDesc service = linked("one", "1.0.0", nullptr, nullptr, create<Answers>);
constexpr PluginDesc asks = linked("asks", "1.0.0", create<Asks>);

/// Ten a second.
void call_often(TestHost& host, TestClient& player, std::uint16_t id, int times) {
    for (int i = 0; i < times; ++i) {
        (void)player.call(id, "");
        host.advance_ms(100);
    }
}

GenerationStatus generation(TestHost& host, const std::string& label) {
    for (const auto& one : host.host().plugins().snapshot().generations) {
        if (one.label == label) return one;
    }
    return {};
}

}  // namespace

TEST_CASE("a version on shards that throws as often as the one before stays; more often goes") {
    log::set_level(log::Level::off);
    TestHost host{{.plugins = {&shard_1}, .probation_ms = 4000}};
    auto player = host.connect();
    call_often(host, player, throw_id, 40);
    const auto report = host.swap(shard_2);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(report.notes.empty());
    call_often(host, player, throw_id, 39);
    CHECK(host.report(report.ticket).outcome == SwapOutcome::committed);
    CHECK(generation(host, "one@1.0.0#1").vitals.failures == 40);
    CHECK(generation(host, "one@1.0.0#1").state == std::string{"predecessor"});
    CHECK(generation(host, "one@2.0.0#2").vitals.failures == 39);
    CHECK(generation(host, "one@2.0.0#2").vitals.messages == 39);
    CHECK(generation(host, "one@2.0.0#2").vitals.handler_samples == 39);
    for (int i = 0; i < 60; ++i) (void)player.call(throw_id, "");
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    log::set_level(log::Level::info);
}

TEST_CASE("a version that answers every request with an error goes back") {
    TestHost host{{.plugins = {&world_1}, .probation_ms = 20'000}};
    auto player = host.connect();
    for (int i = 0; i < 20; ++i) {
        for (int j = 0; j < 10; ++j) CHECK(player.call(ask_id, "").text == "answer");
        host.advance_ms(100);
    }
    const auto report = host.swap(world_2);
    REQUIRE(report.outcome == SwapOutcome::committed);
    for (int i = 0; i < 10; ++i) {
        for (int j = 0; j < 10; ++j) (void)player.call(ask_id, "");
        host.advance_ms(100);
    }
    const auto after = host.report(report.ticket);
    CHECK(after.outcome == SwapOutcome::rolled_back);
    CHECK(after.reason.ends_with(" of its messages were answered with an error, 0.0 % before"));
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].where == "its handlers");
    CHECK(incidents[0].stack_note == "nothing crashed");
}

TEST_CASE("calls of a service are counted, and those that it answers with an error") {
    TestHost host{{.plugins = {&service, &asks}}};
    auto player = host.connect();
    for (const char* method : {"ask", "refuse", "ask"}) player.send(ask_id, method);
    host.advance_ms(10);
    const auto counted = generation(host, "one@1.0.0#1").vitals;
    CHECK(counted.messages == 3);
    CHECK(counted.errors == 1);
    CHECK(counted.failures == 0);
}

// Of an exception the incident told neither where it came from nor what the swap had changed.
TEST_CASE("the incident of an exception names its handler, and tells what the swap changed") {
    log::set_level(log::Level::off);
    struct Kind {
        const PluginDesc* first;
        const PluginDesc* second;
    };
    for (const Kind& kind : {Kind{&world_1, &world_2}, Kind{&shard_1, &shard_2}}) {
        TestHost host{{.plugins = {kind.first}, .probation_ms = 20'000}};
        auto player = host.connect();
        const auto report = host.swap(*kind.second);
        CHECK(report.notes ==
              std::vector<std::string>{"one@1.0.0#1 had not served long enough to compare with: "
                                       "one@2.0.0#2 is judged by faults, failures and memory "
                                       "alone"});
        CHECK(report.ended_wall == host.clock().wall_now());
        call_often(host, player, throw_id, 3);
        CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
        CHECK(host.report(report.ticket).ended_wall > report.ended_wall);
        const auto incidents = host.host().incidents().latest();
        REQUIRE(incidents.size() == 1);
        CHECK(incidents[0].where == "message 2");
        CHECK(incidents[0].live_ms > 0);
        const bool told = core::sanitized ? incidents[0].stack.empty()
                                          : incidents[0].stack.at(0).find("io_baseline_test.cpp") !=
                                                std::string::npos;
        CHECK_MESSAGE(told, incidents[0].stack.at(0));
        CHECK(incidents[0].stack_note.empty() != core::sanitized);
        CHECK(incidents[0].changes ==
              std::vector<std::string>{"one: version 1.0.0 -> 2.0.0", "new route 3: message 3"});
    }
    log::set_level(log::Level::info);
}
