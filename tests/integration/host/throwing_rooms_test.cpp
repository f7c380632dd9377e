// A plugin that throws out of what it does on a shard, in the service room, and as a follower of
// sessions: it stays in, is blamed by callback, players stay, and a next version comes as ever.
#include <doctest/doctest.h>

#include <stdexcept>

#include "gantry/gantry.h"
#include "host/core/log.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;

namespace {

std::string_view place;  // where it throws
void throw_at(std::string_view name) {
    if (place == name) throw std::runtime_error{"on purpose"};
}

class Shard final : public IoPlugin {
    void setup() override {
        layer("inward", [](IoMessage&) {
            throw_at("inward");
            return Verdict::pass;
        });
        layer("outward", nullptr, [](IoMessage&) {
            throw_at("outward");
            return Verdict::pass;
        });
        route(
            5,
            [](const IoMessage&) {
                throw_at("stateless");
                return Bytes{std::string_view{"here"}};
            },
            "stateless");
        on_session_events(session_kinds::all,
                          [](const SessionEvent&) { throw_at("session event on a shard"); });
    }
};

class Service final : public HostPlugin {
    void setup() override {
        serve("throwing.rooms", [](Str, Bytes) {
            throw_at("service");
            return std::string{"served"};
        });
    }
};

class World final : public WorldPlugin {
    void setup() override {
        on(1, [](const Message&) { return std::string{"there"}; });
        on(2, [this](const Message&) {
            call("throwing.rooms", "method", {}, 1s, [this](Status status, Bytes bytes) {
                answer_ = status == Status::ok ? std::string{bytes.text()} : "none";
            });
        });
        on(3, [this](const Message&) { return answer_; });
        on_session_events(session_kinds::all,
                          [](const SessionEvent&) { throw_at("session event in a world"); });
    }
    std::string answer_;
};

constexpr PluginDesc one =
    linked("throwing", "1.0.0", create<World>, create<Shard>, create<Service>);
constexpr PluginDesc two =
    linked("throwing", "2.0.0", create<World>, create<Shard>, create<Service>);

/// What a player and a guest get of it all: "there here served".
std::string all_of_it(TestHost& host, TestClient& player) {
    {
        auto guest = host.connect();
        guest.close();
    }
    player.send(2, "");
    std::string text = player.call(1, "").text + ' ' + player.call(5, "").text;
    host.advance_ms(10);
    return text + ' ' + player.call(3, "").text;
}

}  // namespace

TEST_CASE("what a plugin throws on a shard, in a service or as a follower stays in, too") {
    struct Point {
        const char* place;
        const char* blamed;
        const char* meanwhile;  ///< what all_of_it() says
    };
    constexpr Point points[] = {
        {"inward", "failed in inward: on purpose", "  "},    // it fails closed
        {"outward", "failed in outward: on purpose", "  "},  // so does this
        {"stateless", "failed in stateless: on purpose",
         "there stateless of throwing@1.0.0#1: internal served"},
        {"session event on a shard", "failed in session event: on purpose", "there here served"},
        {"session event in a world", "failed in session event: on purpose", "there here served"},
        {"service", "failed in service: on purpose", "there here none"},
    };
    log::set_level(log::Level::off);
    for (const Point& point : points) {
        CAPTURE(std::string{point.place});
        TestHost host{{.plugins = {&one}, .middleware = {"inward", "outward"}, .probation_ms = 0}};
        auto player = host.connect();
        CHECK(all_of_it(host, player) == "there here served");
        place = point.place;
        CHECK(all_of_it(host, player) == point.meanwhile);
        place = "";
        host.settle();
        const auto status = host.host().plugins().snapshot().plugins.at(0);
        CHECK(status.error == std::string{"throwing@1.0.0#1 "} + point.blamed);
        CHECK(status.failures > 0);
        CHECK(status.state == plugin::PluginState::active);
        CHECK(all_of_it(host, player) == "there here served");
        CHECK(host.swap(two).outcome == plugin::SwapOutcome::committed);
        CHECK(all_of_it(host, player) == "there here served");
        CHECK_FALSE(player.closed_by_host());
    }
    log::set_level(log::Level::info);
}
