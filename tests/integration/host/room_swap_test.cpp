// Swaps on shards and in the service. Nobody there was told that a successor had come, and a
// message that a layer held was let go by the version that had held it or by nobody: when that had
// left before it decided, the connection waited for ever.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t echo_id = 1, held_id = 2, release_id = 3, fail_id = 4, full_id = 5,
                        ask_id = 6;
std::string told;  ///< by which version: "1 drain; "
std::string seen;  ///< of held_id, by which version and layer: "1 "

class Echo final : public WorldPlugin {
    void setup() override {
        for (const std::uint16_t id : {echo_id, held_id}) {
            on(id, [](const Message& message) { return std::string{message.payload.text()}; });
        }
        on(full_id, [](const Message&) { throw HandlerError{Status::limit, "the room is full"}; });
        on(ask_id, [this](const Message&) -> Task<std::string> {
            co_return co_await call("desk/1", "open", Bytes{}, std::chrono::seconds{1});
        });
    }
};

/// Holds each held_id, until it is asked to let the last one go.
template <int version, bool restores = true>
class Gate : public IoPlugin {
    void setup() override {
        layer("outer", [](IoMessage& message) {
            if (message.id == held_id) seen += "o";
            return Verdict::pass;
        });
        layer("gate", [this](IoMessage& message) {
            if (message.id != held_id) return Verdict::pass;
            seen += std::to_string(version);
            held_ = message.session;
            return Verdict::hold;
        });
        route(release_id, [this](const IoMessage&) { io().release(held_, Verdict::pass); });
        route(fail_id, [](const IoMessage&) -> Bytes {
            throw HandlerError{Status::refused, "the gate is shut"};
        });
    }
    void draining(std::uint32_t) override { told += std::to_string(version) + " drain; "; }
    void resumed() override { told += std::to_string(version) + " resume; "; }
    void restore_state(StateReader&) override {
        if (!restores) throw std::runtime_error{"on purpose"};
    }
    SessionId held_;
};

class Desk final : public HostPlugin {
    void setup() override {
        serve("desk/1", [](Str, Bytes) -> std::string {
            throw HandlerError{Status::unavailable, "the desk is closed"};
        });
    }
    void draining(std::uint32_t) override { told += "desk drain; "; }
};

constexpr PluginDesc echo = linked("echo", "1.0.0", create<Echo>);
constexpr PluginDesc one = linked("gate", "1.0.0", nullptr, create<Gate<1>>, create<Desk>);
constexpr PluginDesc two = linked("gate", "2.0.0", nullptr, create<Gate<2>>, create<Desk>);
constexpr PluginDesc three = linked("gate", "3.0.0", nullptr, create<Gate<3, false>>, create<Desk>);

struct Gated : TestHost {
    Gated()
        : TestHost{{.plugins = {&echo, &one}, .middleware = {"outer", "gate"}}},
          client{connect()},
          other{connect()} {
        told.clear();
        seen.clear();
    }
    std::string heard() {
        settle();
        std::string text;
        for (const Reply& reply : client.received()) text += reply.text + " ";
        return text;
    }
    TestClient client;
    TestClient other;
};

}  // namespace

TEST_CASE("a shard and the service tell who serves that a successor comes, or does not") {
    Gated host;
    SUBCASE("it comes") {
        REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
        CHECK(told == "1 drain; desk drain; ");
    }
    SUBCASE("it cannot take over") {
        REQUIRE(host.swap(three).outcome == SwapOutcome::given_up);
        CHECK(told == "1 drain; 1 resume; ");
    }
}

TEST_CASE("whoever waits for ends of swaps is told of each, once the snapshot has it") {
    Gated host;
    plugin::PluginManager& plugins = host.host().plugins();
    std::vector<SwapOutcome> ends;
    plugins.tell_ends_to([&] { ends.push_back(plugins.snapshot().swaps.front()->outcome); });
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    host.advance_ms(1100);  // its probation
    CHECK(ends == std::vector{SwapOutcome::committed});
    REQUIRE(host.swap(three).outcome == SwapOutcome::given_up);
    CHECK(ends == std::vector{SwapOutcome::committed, SwapOutcome::given_up});
}

TEST_CASE("what a layer holds when its version goes is shown to the next one's, in order, once") {
    Gated host;
    host.client.ask(held_id, "held");
    host.client.ask(echo_id, "behind");
    host.settle();
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    CHECK(host.heard().empty());
    CHECK(seen == "o1");
    SUBCASE("after its probation") {
        host.advance_ms(1100);
        CHECK(seen == "o12");  // and not again to the layers before
        CHECK(host.heard().empty());
        host.other.send(release_id, "");
    }
    SUBCASE("unless it decides before") {
        // Its successor has not been asked for anything; whoever held it may still say so.
        host.other.send(release_id, "");
        CHECK(host.heard().empty());
        host.advance_ms(1100);
        host.other.send(release_id, "");
    }
    SUBCASE("or to the one before, when it goes back") {
        host.other.ask(held_id, "of another");
        host.settle();
        CHECK(seen == "o1o2");
        for (session::IoRoom* const shard : host.host().rooms().shards) {
            CHECK(shard->roll_back("gate"));
        }
        host.settle();
        CHECK(seen == "o1o21");
        auto third = host.connect();
        third.send(release_id, "");  // of the other, which it was shown last
        host.settle();
        CHECK(host.other.received().size() == 1);
        return;
    }
    CHECK(host.heard() == "held behind ");
    CHECK(host.heard().empty());
}

// Where a handler or a service gave the sentence, nothing said of which version it was.
TEST_CASE("an error reply names the generation that gave it") {
    Gated host;
    const Reply of_shard = host.client.call(fail_id, "");
    CHECK(of_shard.status == Status::refused);
    CHECK(of_shard.text == "message 4 of gate@1.0.0#1: refused");
    const Reply of_world = host.client.call(full_id, "");
    CHECK(of_world.status == Status::limit);
    CHECK(of_world.text == "echo@1.0.0#1: the room is full");
    const Reply of_service = host.client.call(ask_id, "");
    CHECK(of_service.status == Status::unavailable);
    CHECK(of_service.text == "echo@1.0.0#1: gate@1.0.0#1: the desk is closed");
}

TEST_CASE("who asks what holds a generation hears of shards and the service, and since when") {
    Gated host;
    REQUIRE(host.swap(two).outcome == SwapOutcome::committed);
    host.advance_ms(20);
    std::string text;
    const auto add = [&text](const std::vector<route::Holding>& list) {
        for (const route::Holding& holding : list) {
            for (const std::string& what : holding.what) text += holding.label + " " + what + "; ";
        }
    };
    add(host.host().rooms().shards[0]->holdings());
    add(host.host().rooms().service->holdings());
    CHECK(text ==
          "gate@2.0.0#2 serves on shard 0 for 20 ms: 2 layers, 2 routes, 0 followers, 0 "
          "transports, 0 services; "
          "gate@1.0.0#1 is kept for a rollback on shard 0 for 20 ms: 2 layers, 2 routes, 0 "
          "followers, 0 transports, 0 services; "
          "gate@2.0.0#2 serves in the service room for 20 ms: 1 services; "
          "gate@1.0.0#1 is kept for a rollback in the service room for 20 ms: 1 services; ");

    const TimeNs swapped = host.clock().wall_now() - 20 * ns_per_ms;
    const auto since = [&](const std::string& label, const std::string& state) -> TimeNs {
        for (const auto& status : host.host().plugins().snapshot().generations) {
            if (status.label == label && status.state == state) return status.since_wall;
        }
        return -1;
    };
    CHECK(since("gate@2.0.0#2", "serves") == swapped);
    CHECK(since("gate@1.0.0#1", "predecessor") == swapped);
    while (since("gate@1.0.0#1", "predecessor") != -1) host.advance_ms(1);
    const TimeNs left = since("gate@1.0.0#1", "leaving");
    CHECK(left > swapped);
    CHECK(left <= host.clock().wall_now());
}
