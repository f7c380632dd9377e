// Shard: how connections begin and end, and what is counted.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/net.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {
std::uint64_t closed(const Shard& shard, CloseReason reason) {
    return shard.counters().closed[static_cast<std::size_t>(reason)];
}
}  // namespace

TEST_CASE("a peer that ends in order is closed once, after what it sent was handled") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    client.write(frame_bytes(1, "bye"));
    client.close();
    test.settle();
    CHECK(test.events.frames == std::vector<std::string>{"1:bye"});
    CHECK(test.events.log == std::vector<std::string>{"open", "close peer_closed"});
    CHECK(client.peer_closed());
    CHECK(test.shard.load() == 0);
    CHECK(test.shard.counters().open == 0);
    test.advance(ns_per_s);
    CHECK(test.events.closed.size() == 1);
}

TEST_CASE("a broken link is reported as a reset") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    test.settle();
    client.reset();
    test.settle();
    CHECK(test.events.log == std::vector<std::string>{"open", "close reset"});
    CHECK(closed(test.shard, CloseReason::reset) == 1);
}

TEST_CASE("closing writes what is queued first, and waits a little for the peer's end") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    test.settle();
    const ConnectionId id = test.events.opened.at(0);
    client.stall(true);
    test.shard.send(id, {}, std::string_view{"last words"});
    CHECK(test.shard.close(id, CloseReason::requested) == Status::ok);
    CHECK(test.shard.send(id, {}, std::string_view{"late"}) == Status::not_found);
    client.write(frame_bytes(1, "ignored"));
    test.settle();
    CHECK(test.events.log == std::vector<std::string>{"open", "close requested"});
    CHECK(test.shard.info(id) == nullptr);
    CHECK_FALSE(client.peer_closed());
    client.stall(false);
    test.settle();
    CHECK(cut_all(client.read()) == std::vector<std::string>{"0:last words"});
    CHECK(client.peer_closed());
    CHECK(test.shard.load() == 1);
    client.close();
    test.settle();
    CHECK(test.shard.load() == 0);
    CHECK(test.events.frames.empty());
}

TEST_CASE("a peer that never ends its side is dropped after the linger time") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    test.settle();
    test.shard.close(test.events.opened.at(0), CloseReason::shutdown);
    test.settle();
    CHECK(test.shard.load() == 1);
    test.advance(3 * ns_per_s);
    CHECK(test.shard.load() == 0);
}

TEST_CASE("a handler may close the connection it is called for, and no later frame is shown") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    int frames = 0;
    test.events.handler = [&](ConnectionId id, const Frame&) {
        ++frames;
        test.shard.close(id, CloseReason::refused);
        return FrameVerdict::taken;
    };
    client.write(frame_bytes(1, "a") + frame_bytes(2, "b"));
    test.settle();
    CHECK(frames == 1);
    CHECK(test.events.log == std::vector<std::string>{"open", "close refused"});
}

TEST_CASE("handlers of endings may close others and send to others") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient a = test.connect();
    MemoryClient b = test.connect();
    MemoryClient c = test.connect();
    test.settle();
    const auto ids = test.events.opened;
    test.events.on_closed = [&](ConnectionId id) {
        if (id != ids[0]) return;
        test.shard.close(ids[1], CloseReason::requested);
        test.shard.send(ids[2], {}, std::string_view{"a left"});
    };
    a.close();
    test.settle();
    CHECK(test.events.closed.size() == 2);
    CHECK(b.peer_closed());
    CHECK(cut_all(c.read()) == std::vector<std::string>{"0:a left"});
}

TEST_CASE("an id is never given twice, and an old one finds nobody") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    for (int i = 0; i < 5; ++i) {
        MemoryClient client = test.connect();
        client.close();
        test.settle();
    }
    std::vector<std::uint64_t> values;
    for (const ConnectionId id : test.events.opened) {
        CHECK(id.slot() == 0);
        values.push_back(id.value);
        CHECK(test.shard.resume(id) == Status::not_found);
        CHECK_FALSE(test.shard.stats(id));
    }
    std::sort(values.begin(), values.end());
    CHECK(std::unique(values.begin(), values.end()) == values.end());
    CHECK(values.size() == 5);
}

TEST_CASE("connections above the limit are closed at once and counted") {
    ShardConfig config;
    config.connections_max = 2;
    MemoryShard test{config};
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient a = test.connect();
    MemoryClient b = test.connect();
    MemoryClient c = test.connect();
    test.settle();
    CHECK(c.peer_closed());
    CHECK(test.events.opened.size() == 2);
    CHECK(test.shard.counters().refused[static_cast<std::size_t>(RefuseReason::max)] == 1);
    a.close();
    test.settle();
    MemoryClient d = test.connect();
    test.settle();
    CHECK_FALSE(d.peer_closed());
    CHECK(test.events.opened.size() == 3);
}

TEST_CASE("a silent connection is closed as idle, a talking one and a blocked one are not") {
    MemoryShard test;
    ListenerConfig config = test.listener();
    config.idle_ms = 30'000;  // beyond one turn of the wheel
    REQUIRE(test.shard.listen(config));
    MemoryClient silent = test.connect();
    MemoryClient talking = test.connect();
    MemoryClient blocked = test.connect();
    test.settle();
    test.events.block_after = 0;
    blocked.write(frame_bytes(1, "x"));
    test.settle();
    test.events.block_after = SIZE_MAX;
    for (int second = 0; second < 29; ++second) {
        test.advance(ns_per_s);
        talking.write(frame_bytes(1, "alive"));
        test.settle();
    }
    CHECK(test.events.closed.empty());
    test.advance(2 * ns_per_s);
    CHECK(test.events.closed == std::vector<ConnectionId>{test.events.opened[0]});
    CHECK(test.events.log.back() == "close idle");
    test.advance(20 * ns_per_s);
    CHECK(test.events.closed.size() == 1);
    CHECK_FALSE(talking.peer_closed());
    CHECK_FALSE(blocked.peer_closed());
}

TEST_CASE("info and stats tell what a connection did") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    test.settle();
    const ConnectionId id = test.events.opened.at(0);
    test.clock.advance(5 * ns_per_s);
    client.write(frame_bytes(1, "abc"));
    test.settle();
    test.shard.send(id, {}, std::string_view{"hello"});
    test.settle();
    REQUIRE(test.shard.info(id) != nullptr);
    CHECK(test.shard.info(id)->protocol == "memory");
    CHECK(test.shard.info(id)->listener_index == 0);
    CHECK(test.shard.info(id)->since == ns_per_s);
    const auto stats = test.shard.stats(id);
    REQUIRE(stats);
    CHECK(stats->messages_in == 1);
    CHECK(stats->bytes_in == 15);
    CHECK(stats->messages_out == 1);
    CHECK(stats->bytes_out == 17);
    CHECK(stats->last_activity == 6 * ns_per_s);
}

TEST_CASE("two shards talk over the memory network, one as the client") {
    MemoryShard server;
    REQUIRE(server.shard.listen(server.listener()));
    core::ManualClock clock;
    RecordingEvents events;
    Shard shard{{.index = 7}, clock, events};
    REQUIRE(shard.transports().add(server.network));
    ConnectConfig config;
    config.transport = "memory";
    config.address = "here";
    config.port = 1;
    const auto id = shard.connect(config);
    REQUIRE(id);
    CHECK(id->shard() == 7);
    shard.poll(clock.now());
    CHECK(events.opened == std::vector<ConnectionId>{*id});
    shard.send(*id, {0, 4, 0, 0, 0}, std::string_view{"question"});
    shard.poll(clock.now());
    server.settle();
    CHECK(server.events.frames == std::vector<std::string>{"4:question"});
    server.shard.close(server.events.opened.at(0), CloseReason::shutdown);
    server.settle();
    shard.poll(clock.now());
    shard.poll(clock.now());
    CHECK(events.log == std::vector<std::string>{"open", "close peer_closed"});

    config.port = 99;
    const auto nobody = shard.connect(config);
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().message == "connect to memory here:99: nobody listens there");
}

TEST_CASE("a wrong configuration is refused in words that name it") {
    MemoryShard test;
    const auto message = [&](ListenerConfig config) {
        const auto bound = test.shard.listen(config);
        REQUIRE_FALSE(bound);
        return bound.error().message;
    };
    ListenerConfig config = test.listener();
    config.transport = "kcp";
    CHECK(message(config) ==
          "listener \"test\": unknown transport \"kcp\"; known: tcp, memory, and \"ws\" or "
          "\"ws+name\" for WebSocket over them");
    config = test.listener(Framing::u16le);
    config.payload_bytes_max = 70'000;
    CHECK(
        message(config) ==
        "listener \"test\": payload_bytes_max 70000 is more than framing u16le can carry (65535)");
    config = test.listener();
    config.queue = {10, 20, 30};
    CHECK(message(config).find("in order: low 20, high 10, max 30") != std::string::npos);
    config = test.listener(Framing::gantry, "ws+memory");
    config.websocket.path = "game";
    CHECK(message(config) == "listener \"test\": the websocket path \"game\" must begin with '/'");
    REQUIRE(test.shard.listen(test.listener()));
    CHECK(message(test.listener()) ==
          "listener \"test\": cannot listen on memory here:1: Address already in use");
    config = test.listener();
    config.transport = "tcp";
    config.address = "localhost";
    CHECK(message(config) == "listener \"test\": \"localhost\" is no IPv4 or IPv6 address");
}
