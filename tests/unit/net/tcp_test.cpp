// Shard over real sockets: listening, handing over, and running out of descriptors.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "host/core/sanitized.h"
#include "host/net/acceptor.h"
#include "host/net/address.h"
#include "tests/support/net.h"
#include "tests/support/tcp.h"
#include "tests/support/websocket.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

ListenerConfig loopback(std::string name = "game") {
    ListenerConfig config;
    config.name = std::move(name);
    config.address = "127.0.0.1";
    return config;
}

/// A shard that echoes, driven by the test's own thread.
struct TcpShard {
    explicit TcpShard(ShardConfig config = {}) : shard{config, clock, events} {
        events.handler = [this](ConnectionId id, const Frame& frame) {
            shard.send(id, frame.head, frame.payload);
            return FrameVerdict::taken;
        };
    }
    /// Polls until `done`; false after 20 s.
    template <class Done>
    bool run_until(Done done) {
        const TimeNs end = clock.now() + 20 * ns_per_s;
        while (!done()) {
            const TimeNs now = clock.now();
            if (now > end) return false;
            if (!shard.poll(now)) shard.wait(now + 10 * ns_per_ms);
        }
        return true;
    }

    core::SystemClock clock;
    RecordingEvents events;
    Shard shard;
};

}  // namespace

TEST_CASE("frames go out and come back over TCP, also those larger than the socket's buffers") {
    TcpShard test;
    ListenerConfig config = loopback();
    config.payload_bytes_max = 8 << 20;
    config.queue = {4 << 20, 1 << 20, 16 << 20};
    const auto bound = test.shard.listen(config);
    REQUIRE(bound);
    CHECK(bound->port != 0);
    std::string answer;
    const std::string question = frame_bytes(1, "hi") + frame_bytes(2, std::string(6 << 20, 'q'));
    std::atomic<bool> done{false};
    std::thread client_thread{[&] {
        TcpClient client{bound->port};
        client.write(question);
        answer = client.read(question.size());
        done = true;
    }};
    CHECK(test.run_until([&] { return done.load(); }));
    client_thread.join();
    CHECK(answer == question);
    CHECK(test.run_until([&] { return !test.events.closed.empty(); }));
    CHECK(test.events.last_info.protocol == "tcp");
    CHECK(address_text(test.events.last_info.local) == "127.0.0.1:" + std::to_string(bound->port));
    CHECK(test.events.last_info.remote.family == 4);
    CHECK(test.shard.counters().pool_used_bytes == 0);
}

TEST_CASE("a port in use is refused with a sentence that names listener, address and port") {
    TcpShard first;
    const auto bound = first.shard.listen(loopback());
    REQUIRE(bound);
    TcpShard second;
    ListenerConfig config = loopback("lobby");
    config.port = bound->port;
    const auto refused = second.shard.listen(config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == Status::already_exists);
    CHECK(refused.error().message == "listener \"lobby\": cannot listen on 127.0.0.1:" +
                                         std::to_string(bound->port) + ": Address already in use");
    config.join_port = true;
    CHECK(second.shard.listen(config));
    config.address = "no such host";
    CHECK_FALSE(second.shard.listen(config));
}

TEST_CASE("version 6 of IP works where the machine has it") {
    TcpShard test;
    ListenerConfig config = loopback();
    config.address = "::1";
    const auto bound = test.shard.listen(config);
    if (!bound) {
        MESSAGE("skipped: " << bound.error().message);
        return;
    }
    TcpShard client;
    ConnectConfig connect;
    connect.address = "::1";
    connect.port = bound->port;
    REQUIRE(client.shard.connect(connect));
    CHECK(client.run_until([&] { return !client.events.opened.empty(); }));
    CHECK(test.run_until([&] { return !test.events.opened.empty(); }));
    CHECK(address_text(test.events.last_info.local) == "[::1]:" + std::to_string(bound->port));
}

TEST_CASE("connecting to a port where nobody listens ends in connect_failed") {
    std::uint16_t port = 0;
    {
        TcpShard gone;
        port = gone.shard.listen(loopback())->port;
    }
    TcpShard test;
    ConnectConfig config;
    config.port = port;
    const auto id = test.shard.connect(config);
    if (!id) return;  // the system may say so at once
    CHECK(test.run_until([&] { return !test.events.closed.empty(); }));
    CHECK(test.events.log == std::vector<std::string>{"close connect_failed"});
}

TEST_CASE("killed and ended clients are closed once each") {
    TcpShard test;
    const auto bound = test.shard.listen(loopback());
    REQUIRE(bound);
    TcpClient killed{bound->port};
    TcpClient ended{bound->port};
    CHECK(test.run_until([&] { return test.events.opened.size() == 2; }));
    killed.abort();
    ended.close();
    CHECK(test.run_until([&] { return test.events.closed.size() == 2; }));
    CHECK(test.run_until([&] { return test.shard.load() == 0; }));
    const auto counters = test.shard.counters();
    CHECK(counters.closed[static_cast<std::size_t>(CloseReason::reset)] == 1);
    CHECK(counters.closed[static_cast<std::size_t>(CloseReason::peer_closed)] == 1);
}

TEST_CASE("last bytes and the end that come together are both seen, also behind a blocked frame") {
    for (const bool blocked : {false, true}) {
        CAPTURE(blocked);
        TcpShard test;
        test.events.handler = nullptr;
        test.events.block_after = blocked ? 1 : SIZE_MAX;
        const auto bound = test.shard.listen(loopback());
        REQUIRE(bound);
        std::string wire;
        for (int i = 0; i < 3000; ++i) wire += frame_bytes(1, std::string(88, 'x'));
        std::thread client_thread{[&] {
            TcpClient client{bound->port};
            client.write(wire);
        }};
        if (blocked) {
            CHECK(test.run_until([&] { return test.shard.counters().blocked == 1; }));
            for (int i = 0; i < 100; ++i) test.shard.poll(test.clock.now());
            CHECK(test.events.closed.empty());
            test.events.block_after = SIZE_MAX;
            test.shard.resume(test.events.opened.at(0));
        }
        CHECK(test.run_until([&] { return !test.events.closed.empty(); }));
        client_thread.join();
        CHECK(test.events.frames.size() == 3000);
        CHECK(test.events.log == std::vector<std::string>{"open", "close peer_closed"});
    }
}

TEST_CASE("connections above the limit are closed at once over TCP too") {
    ShardConfig config;
    config.connections_max = 10;
    TcpShard test{config};
    const auto bound = test.shard.listen(loopback());
    REQUIRE(bound);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 15; ++i) clients.emplace_back(bound->port);
    const auto refused = [&] {
        return test.shard.counters().refused[static_cast<std::size_t>(RefuseReason::max)];
    };
    CHECK(test.run_until([&] { return refused() == 5; }));
    CHECK(test.shard.counters().open == 10);
    int ended = 0;
    for (std::size_t i = 10; i < 15; ++i) ended += clients[i].at_end() ? 1 : 0;
    CHECK(ended == 5);
}

TEST_CASE("a process without descriptors turns peers away, backs off, and recovers") {
    TcpShard test;
    const auto bound = test.shard.listen(loopback());
    REQUIRE(bound);
    TcpClient before{bound->port};
    CHECK(test.run_until([&] { return test.events.opened.size() == 1; }));

    TcpClient waiting{bound->port};  // in the backlog; its own socket exists already
    rlimit original{};
    getrlimit(RLIMIT_NOFILE, &original);
    const int next = dup(0);
    close(next);
    rlimit none = original;
    none.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto errors = [&] {
        return test.shard.counters().refused[static_cast<std::size_t>(RefuseReason::accept_error)];
    };
    const bool noticed = test.run_until([&] { return errors() >= 1; });
    REQUIRE(setrlimit(RLIMIT_NOFILE, &original) == 0);
    CHECK(noticed);
    CHECK(waiting.at_end());
    before.write(frame_bytes(1, "still served"));
    TcpClient after{bound->port};
    CHECK(test.run_until([&] { return test.events.opened.size() == 2; }));
    CHECK(test.shard.counters().accept_backoffs >= 1);
    CHECK(before.read(24) == frame_bytes(1, "still served"));
}

TEST_CASE(
    "an idle connection that has spoken costs less than a kilobyte, WebSocket a little more") {
    if (core::sanitized) return;  // mallinfo2 knows nothing of its allocator
    for (const char* transport : {"tcp", "ws"}) {
        CAPTURE(std::string{transport});
        TcpShard test;
        ListenerConfig config = loopback();
        config.transport = transport;
        config.idle_ms = 60'000;
        const auto bound = test.shard.listen(config);
        REQUIRE(bound);
        const bool websocket = config.transport == "ws";
        const std::string frame = frame_bytes(1, std::string(64, 'x'));
        const std::string wire =
            websocket ? ws_request() + ws_frame(ws_opcode::binary, frame) : frame;
        std::vector<TcpClient> clients;
        const auto memory_with = [&](std::size_t count) {
            while (clients.size() < count) {
                clients.emplace_back(bound->port);
                clients.back().write(wire);
            }
            CHECK(test.run_until([&] { return test.shard.counters().frames_in == count; }));
            return mallinfo2().uordblks - test.shard.counters().pool_bytes;
        };
        clients.reserve(1000);
        test.events.opened.reserve(1000);
        test.events.log.reserve(1000);
        const std::size_t before = memory_with(64);  // these pay for what all share
        const std::size_t each = (memory_with(64 + 512) - before) / 512;
        MESSAGE(config.transport << ": " << each << " bytes");
        CHECK(each < (websocket ? 1200u : 1024u));
    }
}

TEST_CASE("wake ends a wait from another thread, also one that begins later") {
    TcpShard test;
    test.shard.wake();
    const TimeNs begin = test.clock.now();
    test.shard.wait(begin + 20 * ns_per_s);
    std::atomic<bool> waiting{true};
    std::thread waker{[&] {
        while (waiting) test.shard.wake();
    }};
    for (int i = 0; i < 1000; ++i) test.shard.wait(begin + 20 * ns_per_s);
    waiting = false;
    waker.join();
    CHECK(test.clock.now() - begin < 10 * ns_per_s);
}

TEST_CASE("an acceptor spreads connections over shards as the policy says") {
    core::SystemClock clock;
    TcpShard a, b;
    ListenerConfig config = loopback();
    config.balance = Balance::round_robin;
    REQUIRE(a.shard.listen(config));
    REQUIRE(b.shard.listen(config));
    Acceptor acceptor{clock};
    const auto bound = acceptor.listen(config, {{&a.shard, 0}, {&b.shard, 0}});
    REQUIRE(bound);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 10; ++i) clients.emplace_back(bound->port);
    for (int i = 0; i < 2000 && a.shard.load() + b.shard.load() < 10; ++i) {
        acceptor.poll(clock.now());
        acceptor.wait(clock.now() + ns_per_ms);
    }
    CHECK(a.run_until([&] { return a.events.opened.size() == 5; }));
    CHECK(b.run_until([&] { return b.events.opened.size() == 5; }));
    clients[0].write(frame_bytes(3, "to a"));
    CHECK(a.run_until([&] { return a.shard.counters().frames_in == 1; }));
    CHECK(clients[0].read(16) == frame_bytes(3, "to a"));
    CHECK(acceptor.counters().accepted == 10);

    config.port = bound->port;
    const auto twice = acceptor.listen(config, {{&a.shard, 0}});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().message.find(std::to_string(bound->port)) != std::string::npos);
}

TEST_CASE("an acceptor closes what no shard can take, and a full shard passes on to the next") {
    core::SystemClock clock;
    ShardConfig small;
    small.connections_max = 1;
    TcpShard a{small}, b{small};
    ListenerConfig config = loopback();
    config.balance = Balance::hash;
    REQUIRE(a.shard.listen(config));
    REQUIRE(b.shard.listen(config));
    Acceptor acceptor{clock};
    const auto bound = acceptor.listen(config, {{&a.shard, 0}, {&b.shard, 0}});
    REQUIRE(bound);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(bound->port);
    for (int i = 0; i < 2000 && acceptor.counters().accepted < 3; ++i) {
        acceptor.poll(clock.now());
        acceptor.wait(clock.now() + ns_per_ms);
    }
    CHECK(acceptor.counters().refused == 1);
    const auto max = static_cast<std::size_t>(RefuseReason::max);
    CHECK(a.shard.counters().refused[max] + b.shard.counters().refused[max] == 1);
    CHECK(a.shard.load() == 1);
    CHECK(b.shard.load() == 1);
    CHECK(clients[2].at_end());
}

TEST_CASE("a shard that listens no more adopts no more, and what it has stays") {
    // A host that was shutting down went on taking what its acceptor brought, and was never empty.
    core::SystemClock clock;
    TcpShard a;
    ListenerConfig config = loopback();
    config.balance = Balance::round_robin;
    REQUIRE(a.shard.listen(config));
    Acceptor acceptor{clock};
    const auto bound = acceptor.listen(config, {{&a.shard, 0}});
    REQUIRE(bound);
    std::vector<TcpClient> clients;
    const auto connect = [&](std::uint64_t accepted) {
        clients.emplace_back(bound->port);
        for (int i = 0; i < 2000 && acceptor.counters().accepted < accepted; ++i) {
            acceptor.poll(clock.now());
            acceptor.wait(clock.now() + ns_per_ms);
        }
        a.shard.poll(clock.now());
    };
    connect(1);
    REQUIRE(a.shard.load() == 1);
    a.shard.stop_listening();
    connect(2);
    CHECK(clients[1].at_end());
    CHECK(a.shard.load() == 1);
    CHECK(acceptor.counters().refused == 1);
    CHECK(a.shard.counters().refused[static_cast<std::size_t>(RefuseReason::max)] == 0);
}

TEST_CASE("policies choose as predicted") {
    Balancer round{Balance::round_robin};
    std::vector<int> counts(3);
    for (int i = 0; i < 9; ++i) ++counts[round.choose({9, 0, 0}, 1)];
    CHECK(counts == std::vector<int>{3, 3, 3});

    Balancer least{Balance::least};
    std::vector<std::uint32_t> loads{3, 0, 1};
    for (int i = 0; i < 8; ++i) ++loads[least.choose(loads, 1)];
    CHECK(loads == std::vector<std::uint32_t>{4, 4, 4});

    Balancer hash{Balance::hash};
    std::vector<int> spread(4);
    for (std::uint32_t i = 0; i < 4000; ++i) {
        const auto address =
            parse_address("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), 0);
        REQUIRE(address);
        const std::size_t chosen = hash.choose({0, 0, 0, 0}, address_hash(*address));
        CHECK(chosen == hash.choose({0, 0, 0, 0}, address_hash(*address)));
        ++spread[chosen];
    }
    for (const int count : spread) CHECK((count > 850 && count < 1150));
}
