// ConnectionInfo: protocol, addresses and time of a connection, for each transport.
#include <doctest/doctest.h>

#include "host/net/address.h"
#include "tests/support/net.h"
#include "tests/support/tcp.h"
#include "tests/support/websocket.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

/// Sockets take their time, though the shard's own clock stands still.
bool poll_until_open(MemoryShard& test, std::size_t count) {
    const core::SystemClock wall;
    const TimeNs end = wall.now() + 20 * ns_per_s;
    while (test.events.opened.size() < count) {
        if (wall.now() > end) return false;
        if (!test.shard.poll(test.clock.now())) test.shard.wait(test.clock.now() + ns_per_ms);
    }
    return true;
}

}  // namespace

TEST_CASE("a connection over TCP or WebSocket tells protocol, both addresses, listener and time") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    for (const std::string protocol : {"tcp", "ws"}) {
        CAPTURE(protocol);
        const bool websocket = protocol == "ws";
        test.clock.advance(5 * ns_per_s);
        ListenerConfig config = test.listener(Framing::gantry, protocol);
        config.address = "127.0.0.1";
        config.port = 0;
        const auto bound = test.shard.listen(config);
        REQUIRE(bound);
        TcpClient client{bound->port};
        if (websocket) client.write(ws_request("/play?room=7"));
        REQUIRE(poll_until_open(test, websocket ? 2 : 1));

        const ConnectionInfo& told = test.events.last_info;
        CHECK(told.protocol == protocol);
        CHECK(address_text(told.local) == "127.0.0.1:" + std::to_string(bound->port));
        CHECK(address_text(told.remote) == "127.0.0.1:" + std::to_string(client.port()));
        CHECK(told.listener_index == bound->index);
        CHECK(told.since == test.clock.now());
        CHECK(test.events.last_target == (websocket ? "/play?room=7" : ""));

        test.clock.advance(ns_per_s);
        const ConnectionId id = test.events.opened.back();
        const ConnectionInfo* const later = test.shard.info(id);
        REQUIRE(later != nullptr);
        CHECK(later->protocol == protocol);
        CHECK(later->remote == told.remote);
        CHECK(later->since == test.clock.now() - ns_per_s);

        test.shard.close(id, CloseReason::requested);
        test.settle();
        CHECK(test.shard.info(id) == nullptr);
        CHECK(test.shard.stats(id).error().status == Status::not_found);
    }
}

TEST_CASE("a connection in memory has a port and no address, and one of our own no listener") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    ConnectConfig target;
    target.transport = "memory";
    target.address = "here";
    target.port = 1;
    const auto out = test.shard.connect(target);
    REQUIRE(out);
    test.settle();
    REQUIRE(test.events.opened.size() == 2);
    for (const ConnectionId id : test.events.opened) {
        const ConnectionInfo* const info = test.shard.info(id);
        REQUIRE(info != nullptr);
        CHECK(info->protocol == "memory");
        CHECK(info->local.family == 0);
        CHECK(info->listener_index == (id == *out ? no_listener : 0));
    }
}
