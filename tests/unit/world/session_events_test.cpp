// The events of sessions, as plugins on a shard and in a world follow them, and as the admin API
// keeps them.
#include <doctest/doctest.h>

#include "gantry/gantry.h"
#include "host/app/event_log.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using gantry::SessionEvent;
using gantry::SessionEventKind;
namespace kinds = gantry::session_kinds;

namespace {

/// What a follower heard, by session, in the order in which it heard it.
std::map<std::uint64_t, std::vector<std::string>> shard_heard, world_heard;

std::string line_of(const SessionEvent& event) {
    switch (event.kind) {
        case SessionEventKind::established:
            return "established";
        case SessionEventKind::received:
        case SessionEventKind::sent:
            return (event.kind == SessionEventKind::sent ? "sent " : "received ") +
                   std::to_string(event.message_id) + ":" + std::to_string(event.payload_bytes);
        case SessionEventKind::error:
            return "error " + std::string{event.text.view()};
        case SessionEventKind::closed:
            return "closed " + std::string{event.text.view()};
    }
    return "?";
}

class ShardFollower final : public gantry::IoPlugin {
    void setup() override {
        on_session_events(kinds::all, [this](const SessionEvent& event) {
            shard_heard[event.session.value].push_back(line_of(event));
            // What a follower sends is not told again, or it would never end.
            if (event.kind == SessionEventKind::sent && event.message_id == 3)
                io().send(event.session, 4, 0, {});
        });
        layer("gate", [this](gantry::IoMessage& message) {
            if (message.id != 9) return gantry::Verdict::pass;
            held_ = message.session;
            return gantry::Verdict::hold;
        });
        route(10, [this](const gantry::IoMessage&) { io().release(held_, gantry::Verdict::pass); });
    }
    gantry::SessionId held_;
};
class WorldFollower final : public gantry::WorldPlugin {
    void setup() override {
        on_session_events(kinds::all, [](const SessionEvent& event) {
            world_heard[event.session.value].push_back(line_of(event));
        });
        on(1, [](const gantry::Message& message) { return message.payload; });
        on(2, [this](const gantry::Message&) { broadcast(3, gantry::Bytes{"all"}); });
        on(5, [this](const gantry::Message& message) { close_session(message.session); });
        on(6, [](const gantry::Message&) {
            throw gantry::HandlerError{gantry::Status::refused, "no"};
        });
        on(7, [this](const gantry::Message& message) {
            net().move(message.session, find_world(message.payload.text()));
        });
        on(9, [](const gantry::Message&) {});
    }
};
class Ends final : public gantry::WorldPlugin {
    void setup() override {
        on_session_events(kinds::closed, [](const SessionEvent& event) {
            world_heard[event.session.value].push_back(line_of(event));
        });
    }
};
constexpr gantry::PluginDesc shard_plugin =
    linked("shard_follower", "1.0.0", nullptr, gantry::create<ShardFollower>);
constexpr gantry::PluginDesc world_plugin =
    linked("world_follower", "1.0.0", gantry::create<WorldFollower>);
constexpr gantry::PluginDesc ends_plugin = linked("ends", "1.0.0", gantry::create<Ends>);

using Lines = std::vector<std::string>;

/// A line of text for each session, by who came first.
Lines take(std::map<std::uint64_t, Lines>& heard) {
    Lines all;
    for (const auto& [session, lines] : heard) {
        all.emplace_back();
        for (const std::string& line : lines) all.back() += (all.back().empty() ? "" : ", ") + line;
    }
    heard.clear();
    return all;
}

}  // namespace

TEST_CASE("shards and worlds tell of a session from its beginning to its end, in its order") {
    shard_heard.clear();
    world_heard.clear();
    TestHost host{{.plugins = {&shard_plugin, &world_plugin}}};
    auto first = host.connect();
    auto second = host.connect();
    first.call(1, "abc");
    second.send(2, "");
    host.settle();
    first.call(6, "");
    first.send(5, "");
    host.settle();
    second.write(std::string(12, '\xff'));
    host.settle();

    const Lines expected = {
        "established, received 1:3, sent 1:3, sent 3:3, received 6:0, sent 6:28, received 5:0, "
        "closed requested",
        "established, received 2:0, sent 3:3, error payload_too_large, closed payload_too_large"};
    CHECK(take(shard_heard) == expected);
    CHECK(take(world_heard) == expected);
    CHECK(second.received().size() == 2);  // 3, and the 4 that nobody was told of
}

TEST_CASE("a message that a layer holds is told once") {
    shard_heard.clear();
    TestHost host{{.plugins = {&shard_plugin, &world_plugin}, .middleware = {"gate"}}};
    auto held = host.connect();
    auto other = host.connect();
    held.send(9, "x");
    host.settle();
    other.send(10, "");
    host.settle();
    CHECK(take(shard_heard) == Lines{"established, received 9:1", "established, received 10:0"});
}

TEST_CASE(
    "a session that moves ends in one world and begins in the other, and goes on on its shard") {
    shard_heard.clear();
    world_heard.clear();
    TestHost host{{.plugins = {&shard_plugin, &world_plugin}, .worlds = {"north", "south"}}};
    auto client = host.connect();
    client.send(7, "south");
    host.settle();
    client.close();
    host.settle();
    CHECK(take(world_heard) ==
          Lines{"established, received 7:5, closed moved, established, closed peer_closed"});
    CHECK(take(shard_heard) == Lines{"established, received 7:5, closed peer_closed"});
}

TEST_CASE("a follower hears only the kinds that it asked for") {
    world_heard.clear();
    TestHost host{{.plugins = {&ends_plugin}}};
    auto client = host.connect();
    client.call(1, "x");
    client.link().reset();
    host.settle();
    CHECK(take(world_heard) == Lines{"closed reset"});
}

TEST_CASE("the host's log keeps what is wanted, in order, and tells how many were lost") {
    TestHost host{{.plugins = {&world_plugin}}};
    gantry::app::EventLog& log = host.host().events();
    auto client = host.connect();
    CHECK(log.since(0, 100, true).events.empty());  // nobody listened

    log.set_wanted(gantry::admin::EventsWanted::life);
    auto second = host.connect();
    second.call(1, "x");
    CHECK(log.last() == 1);

    log.set_wanted(gantry::admin::EventsWanted::messages);
    second.call(1, "abc");
    second.close();
    host.settle();
    const auto all = log.since(0, 100, true);
    REQUIRE(all.events.size() == 4);
    CHECK(all.events[0].kind == gantry::admin::EventKind::established);
    CHECK(all.events[1].kind == gantry::admin::EventKind::received);
    CHECK(all.events[1].bytes == 3);
    CHECK(all.events[2].kind == gantry::admin::EventKind::sent);
    CHECK(all.events[3].kind == gantry::admin::EventKind::closed);
    CHECK(all.events[3].text == "peer_closed");
    CHECK(all.upto == 4);
    const auto life = log.since(0, 100, false);
    CHECK(life.events.size() == 2);
    CHECK(life.upto == 4);

    for (std::size_t i = 0; i < gantry::app::EventLog::events_max; ++i) {
        log.tell(SessionEvent{SessionEventKind::sent, 1, 0, gantry::SessionId{1}, 0, 0, {}});
    }
    const auto late = log.since(1, 10, true);
    CHECK(late.lost == 3);
    CHECK(late.events.front().number == 5);
    CHECK(late.events.size() == 10);
    CHECK(log.since(late.upto, 10, true).lost == 0);
}
