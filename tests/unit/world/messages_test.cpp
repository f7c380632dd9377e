// Messages of a world: groups, unknown ids, errors, moves between worlds, middleware on the way.
#include <doctest/doctest.h>

#include "gantry/connection.h"
#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> trace;

class Room final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& message) {
            net().group_join(group("room"), message.session);
        });
        on(2, [this](const gantry::Message& message) {
            net().group_send(group("room"), 3, message.payload);
        });
        on(11, [this](const gantry::Message& message) { net().broadcast(12, message.payload); });
        on(13, [this](const gantry::Message& message) {
            net().group_leave(group("room"), message.session);
        });
        on(14, [this](const gantry::Message& message) {
            return std::to_string(
                world().get<const gantry::Connection>(message.entity).messages_out);
        });
        on(4, [this](const gantry::Message& message) {
            net().move(message.session, find_world(message.payload.text()));
        });
        on(5, [this](const gantry::Message&) { return std::string{self().world_name.view()}; });
        on(6, [](const gantry::Message&) { throw std::runtime_error("secret detail"); });
        on(7, [this](const gantry::Message& message) { net().close(message.session); });
        on(8, [this](const gantry::Message& message) {
            const auto& connection = world().get<const gantry::Connection>(message.entity);
            return std::to_string(connection.messages_in) + "/" +
                   std::to_string(connection.bytes_in);
        });
    }
};
constexpr gantry::PluginDesc room = linked("room", "1.0.0", gantry::create<Room>);

/// Three rings and a stateless route on the shard.
class Rings final : public gantry::IoPlugin {
    void setup() override {
        for (const char* name : {"a", "b", "c"}) {
            const std::string text = name;
            layer(
                text,
                [text](gantry::IoMessage& message) {
                    trace.push_back(text);
                    return text == "b" && message.id == 66 ? gantry::Verdict::drop
                                                           : gantry::Verdict::pass;
                },
                [text](gantry::IoMessage&) {
                    trace.push_back(text + "'");
                    return gantry::Verdict::pass;
                });
        }
        layer("gate", [this](gantry::IoMessage& message) {
            if (message.id != 67) return gantry::Verdict::pass;
            waiting_ = message.session;
            return gantry::Verdict::hold;
        });
        route(9, [](const gantry::IoMessage& message) { return message.payload; });
        route(10,
              [this](const gantry::IoMessage&) { io().release(waiting_, gantry::Verdict::drop); });
    }
    gantry::SessionId waiting_;
};
constexpr gantry::PluginDesc rings = linked("rings", "1.0.0", nullptr, gantry::create<Rings>);

}  // namespace

TEST_CASE("a group message reaches each member once and nobody else") {
    TestHost host{{.plugins = {&room}}};
    auto alice = host.connect();
    auto bob = host.connect();
    auto eve = host.connect();
    alice.send(1, "");
    alice.send(1, "");  // joining twice is joining once
    bob.send(1, "");
    host.settle();
    eve.send(2, "psst");
    host.settle();
    CHECK(alice.received().size() == 1);
    CHECK(bob.received().size() == 1);
    CHECK(eve.received().empty());
    bob.close();
    alice.send(2, "again");
    host.settle();
    CHECK(alice.received().size() == 1);
}

TEST_CASE("a request that nobody handles gets a typed error, and too many unknown ids close") {
    TestHost host{{.plugins = {&room}}};
    auto client = host.connect();
    const Reply reply = client.call(999, "");
    CHECK(reply.status == gantry::Status::not_found);
    CHECK(reply.text == "nobody handles message id 999 here");
    for (int i = 0; i < 100; ++i) client.send(999, "");
    host.settle();
    CHECK(client.closed_by_host());
}

TEST_CASE("a handler that throws answers its request and disconnects nobody") {
    TestHost host{{.plugins = {&room}}};
    auto client = host.connect();
    const auto reply = client.call(6, "");
    CHECK(reply.status == gantry::Status::internal);
    CHECK(reply.text.find("room@1.0.0#1: internal") != std::string::npos);  // whose fault it was
    CHECK(reply.text.find("secret") == std::string::npos);
    client.send(6, "");
    CHECK(client.call(5, "").text == "world");
}

TEST_CASE("a session moves to another world in order") {
    TestHost host{{.plugins = {&room}, .worlds = {"north", "south"}, .workers = 2}};
    auto client = host.connect();
    const auto before = client.ask(5, "");
    client.send(4, "south");
    const auto after = client.ask(5, "");
    host.settle();
    host.settle();
    const auto received = client.received();
    REQUIRE(received.size() == 2);
    CHECK(received[0].correlation == before);
    CHECK(received[0].text == "north");
    CHECK(received[1].correlation == after);
    CHECK(received[1].text == "south");
    CHECK(host.world("north").session_count() == 0);
    CHECK(host.world("south").session_count() == 1);
}

TEST_CASE("a world closes a session, and its entity counts what the session sent") {
    TestHost host{{.plugins = {&room}}};
    auto client = host.connect();
    client.send(5, "12345");
    client.send(5, "");
    host.advance_ms(60);  // a tick writes the component
    CHECK(client.call(8, "").text == "2/5");
    client.send(7, "");
    host.settle();
    CHECK(client.closed_by_host());
    CHECK(host.world().entity_count() == 0);
}

// What came by a broadcast or to a group was left out of the count.
TEST_CASE("an entity counts what its session received, alone, in a group and with all") {
    TestHost host{{.plugins = {&room}, .worlds = {"north", "south"}}};
    auto client = host.connect();
    auto other = host.connect();
    std::size_t received = 0;
    const auto count = [&] {
        host.advance_ms(60);  // a tick writes the component
        received += client.received().size();
        CHECK(client.call(14, "").text == std::to_string(received));
        ++received;
    };
    count();
    client.send(1, "");
    other.send(2, "to the group");
    other.send(11, "to all");
    other.send(2, "to the group");
    CHECK(client.call(6, "").status == gantry::Status::internal);
    ++received;
    count();
    CHECK(received == 6);
    client.send(13, "");  // leaves the group
    other.send(2, "to nobody");
    other.send(11, "to all");
    count();
    CHECK(received == 8);
    auto late = host.connect();
    host.advance_ms(60);
    CHECK(late.call(14, "").text == "0");
    client.send(4, "south");
    host.settle();
    count();
}

TEST_CASE("layers run in the listener's order and back in reverse, and may stop a message") {
    trace.clear();
    TestHost host{{.plugins = {&room, &rings}, .middleware = {"a", "b", "c"}}};
    auto client = host.connect();
    CHECK(client.call(5, "").text == "world");
    CHECK(trace == std::vector<std::string>{"a", "b", "c", "c'", "b'", "a'"});
    trace.clear();
    client.send(66, "");
    host.settle();
    CHECK(trace == std::vector<std::string>{"a", "b"});
}

TEST_CASE("layers see each of the messages and answers that went together, in order") {
    TestHost host{{.plugins = {&room, &rings}, .middleware = {"a", "b"}}};
    auto client = host.connect();
    trace.clear();
    for (int i = 0; i < 3; ++i) client.ask(5, "");
    client.ask(66, "");  // b drops it
    client.ask(5, "");
    host.settle();
    CHECK(client.received().size() == 4);
    std::string in, back;
    for (const std::string& step : trace) (step.size() == 1 ? in : back) += step[0];
    CHECK(in == "ababababab");
    CHECK(back == "babababa");
}

TEST_CASE("many answers of one session come whole and in order, also past its high watermark") {
    TestHost host{{.plugins = {&room}}};
    auto client = host.connect();
    std::vector<std::uint32_t> asked;
    for (int i = 0; i < 500; ++i) asked.push_back(client.ask(i % 3 == 0 ? 8 : 5, ""));
    host.settle();
    const auto received = client.received();
    REQUIRE(received.size() == asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
        CHECK(received[i].correlation == asked[i]);
        if (i % 3 != 0) CHECK(received[i].text == "world");
    }
}

TEST_CASE("while a layer decides, the connection's later messages wait behind") {
    TestHost host{{.plugins = {&room, &rings}, .middleware = {"gate"}}};
    auto held = host.connect();
    auto other = host.connect();
    held.send(67, "");
    const auto later = held.ask(5, "");
    host.settle();
    CHECK(held.received().empty());
    CHECK(other.call(5, "").text == "world");  // only the one connection waits
    other.send(10, "");
    host.settle();
    const auto received = held.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].correlation == later);
}

TEST_CASE(
    "a stateless route answers on the shard, and a missing layer keeps a listener from opening") {
    {
        TestHost host{{.plugins = {&room, &rings}}};
        auto client = host.connect();
        CHECK(client.call(9, "fast").text == "fast");
        CHECK(host.world().counters().messages == 0);
    }
    const gantry::core::ManualClock clock;
    const auto manifest = gantry::manifest::ManifestBuilder{}
                              .shards(1)
                              .workers(1)
                              .no_admin()
                              .listener("tcp")
                              .middleware({"auth"})
                              .build();
    const auto host = gantry::app::Host::create(manifest, clock);
    REQUIRE_FALSE(host.has_value());
    CHECK(host.error().message ==
          "listener tcp wants the middleware auth, which no loaded plugin offers; there is none");
}
