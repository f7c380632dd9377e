// A transport that a plugin brings: real libraries, loaded, connected through, swapped under their
// live links, unmapped.
#include <doctest/doctest.h>

#include "tests/integration/transport_plugin/loopback_host.h"
#include "tests/support/websocket.h"

using namespace gantry::test;
using gantry::plugin::SwapOutcome;

namespace {

using Frames = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "a listener of the manifest runs over a plugin's transport, and a world's handler echoes") {
    LoopbackHost host{1};
    const std::string client = host.connect();
    CHECK(host.call(client, 1, "hello") == Frames{"1:hello"});
    CHECK(host.call(client, 3, "") == Frames{"3:loopback here"});
    CHECK(host.host.world().session_count() == 1);
    host.ask("close", client);
    CHECK(host.host.world().session_count() == 0);

    const std::string closed = host.connect();
    host.ask("write", closed + " " + frame_bytes(2, ""));
    CHECK(host.ask("read", closed) == "<end>");
    CHECK(host.ask("connect", "there:7") == "! unavailable");
}

// The manifest had "options" for this, and nobody could read them.
TEST_CASE("a transport reads the options of its listener") {
    LoopbackHost host{1};
    CHECK(host.ask("option", "greeting") == "mind the gap");
    CHECK(host.ask("option", "farewell").empty());
    CHECK(host.swap(2).outcome == SwapOutcome::committed);
    CHECK(host.ask("option", "greeting") == "mind the gap");
}

TEST_CASE("the host connects over a plugin's transport as a client, too") {
    LoopbackHost host{1};
    gantry::net::Shard& shard = host.host.host().rooms().shards[0]->shard();
    gantry::net::ConnectConfig target;
    target.transport = "loopback";
    target.address = "here";
    target.port = 7;
    const auto out = shard.connect(target);
    REQUIRE(out.has_value());
    host.host.settle();
    REQUIRE(shard.info(*out) != nullptr);
    CHECK(shard.info(*out)->protocol == "loopback");
    CHECK(shard.info(*out)->listener_index == gantry::net::no_listener);
    shard.send(*out, {0, 1, gantry::message_flags::request, 0, 5},
               std::string_view{"out and back"});
    host.host.settle();
    CHECK(shard.stats(*out)->messages_in == 1);
    // Nobody on the shard takes answers that come in on a connection of its own.
    CHECK(host.host.host().rooms().shards[0]->counters().no_world == 1);

    target.address = "there";
    CHECK(shard.connect(target).error().message == "nobody listens on loopback there:7");
}

TEST_CASE("a swap hands live links to the next version, and the old library leaves") {
    LoopbackHost host{1};
    const std::string client = host.connect();
    const std::string request = frame_bytes(1, "across", gantry::message_flags::request);
    host.ask("write", client + " " + request.substr(0, 9));
    REQUIRE(host.ask("version", "") == "1.0.0");
    const auto report = host.swap(2);
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    CHECK(host.ask("version", "") == "2.0.0");
    host.ask("write", client + " " + request.substr(9));
    CHECK(cut_all(host.ask("read", client)) == Frames{"1:across"});
    host.host.advance_ms(1100);  // past the probation
    CHECK(host.unmapped() == 1);

    // The old code is gone now, and links and listener live on.
    CHECK(host.call(client, 1, "later") == Frames{"1:later"});
    const std::string fresh = host.connect();
    CHECK(host.call(fresh, 1, "fresh") == Frames{"1:fresh"});
    CHECK(host.swap(1).outcome == SwapOutcome::committed);
    host.host.advance_ms(1100);
    CHECK(host.unmapped() == 2);
    CHECK(host.call(client, 1, "back") == Frames{"1:back"});
    CHECK(host.host.world().session_count() == 2);
    host.ask("close", client);
    CHECK(host.host.world().session_count() == 1);
}

TEST_CASE("WebSocket over a plugin's transport crosses a swap in the middle of its handshake") {
    LoopbackHost host{1, "ws+loopback"};
    const std::string client = host.connect();
    const std::string request = ws_request();
    host.ask("write", client + " " + request.substr(0, 40));
    REQUIRE(host.swap(2).outcome == SwapOutcome::committed);
    host.ask("write", client + " " + request.substr(40));
    CHECK(host.ask("read", client).starts_with("HTTP/1.1 101"));
    host.ask("write", client + " " +
                          ws_frame(gantry::net::ws_opcode::binary,
                                   frame_bytes(1, "x", gantry::message_flags::request)));
    CHECK(ws_read(host.ask("read", client)).size() == 1);
}

TEST_CASE("a rollback hands the links back") {
    LoopbackHost host{1};
    const std::string client = host.connect();
    const auto report = host.swap(2);
    REQUIRE(report.outcome == SwapOutcome::committed);
    const std::string during = host.connect();
    for (int i = 0; i < 3; ++i) host.ask("fail", "");
    CHECK(host.host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(host.ask("version", "") == "1.0.0");
    CHECK(host.call(client, 1, "before") == Frames{"1:before"});
    CHECK(host.call(during, 1, "during") == Frames{"1:during"});
    host.host.advance_ms(100);  // its code is out of bounds for a while before it goes
    CHECK(host.unmapped() == 1);
}

TEST_CASE("without the handover a swap is refused while connections are open, and works after") {
    // With two shards the one without connections has committed when the other refuses.
    for (const auto& [shards, shard] : {std::pair{1u, 0u}, {2u, 0u}, {2u, 1u}}) {
        CAPTURE(shards);
        CAPTURE(shard);
        LoopbackHost host{1, "loopback", shards};
        host.shard = shard;
        const std::string client = host.connect();
        const auto refused = host.swap(3);
        CHECK(refused.outcome == SwapOutcome::given_up);
        CHECK(refused.reason ==
              "loopback@3.0.0#2: transport \"loopback\" has 1 open connections on a shard, and not "
              "both versions hand links over (gantry/transport_handover.h)");
        CHECK(host.ask("version", "") == "1.0.0");
        CHECK(host.call(client, 1, "still") == Frames{"1:still"});

        host.ask("close", client);
        CHECK(host.swap(3).outcome == SwapOutcome::committed);
        CHECK(host.ask("version", "") == "3.0.0");
        const std::string fresh = host.connect();
        CHECK(host.call(fresh, 1, "new") == Frames{"1:new"});
    }
}

TEST_CASE("a version that takes only some of the links gets none, and the old one goes on") {
    LoopbackHost host{1};
    const std::string first = host.connect();
    const std::string second = host.connect();
    const auto report = host.swap(4);  // it takes one
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason ==
          "loopback@4.0.0#2: the connections of transport \"loopback\" did not change hands");
    CHECK(host.ask("version", "") == "1.0.0");
    CHECK(host.call(first, 1, "one") == Frames{"1:one"});
    CHECK(host.call(second, 1, "two") == Frames{"1:two"});
    const std::string third = host.connect();
    CHECK(host.call(third, 1, "three") == Frames{"1:three"});
    CHECK(host.host.world().session_count() == 3);
    host.host.advance_ms(100);  // its code is out of bounds for a while before it goes
    CHECK(host.unmapped() == 1);
}

TEST_CASE("a rollback to a version that takes no links over closes those of the failed one") {
    LoopbackHost host{3};
    const auto report = host.swap(2);
    REQUIRE(report.outcome == SwapOutcome::committed);
    const std::string client = host.connect();
    CHECK(host.call(client, 1, "once") == Frames{"1:once"});
    for (int i = 0; i < 3; ++i) host.ask("fail", "");
    CHECK(host.host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(host.host.world().session_count() == 0);
    const std::string fresh = host.connect();
    CHECK(host.call(fresh, 1, "again") == Frames{"1:again"});
}
