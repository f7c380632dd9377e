// Connections that say nothing: what they cost.
#include <doctest/doctest.h>

#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"

using namespace gantry::test;

TEST_CASE("idle connections wake nobody and own little memory") {
    ServerProcess server;
    {
        auto warm = crowd(server.port(), 64);
        REQUIRE(echo_load(warm, scale_id::echo, 4, 4, "warm"));
        REQUIRE(server.wait_for("open", warm.size()));
    }
    REQUIRE(server.wait_for("load", 0));
    const std::uint64_t empty = server.resident_bytes();

    const std::uint32_t wanted = std::min(scaled(2000, 18'000), connections_possible());
    auto peers = crowd(server.port(), wanted);
    REQUIRE(peers.size() == wanted);
    REQUIRE(echo_load(peers, scale_id::echo, 1, 1, std::string(64, 'x')));
    REQUIRE(server.wait_for("open", wanted));
    CHECK(server.stats()["pool_used_bytes"] == 0);

    constexpr int quiet_ms = 3000;
    constexpr std::uint64_t rooms = 2;  // each looks around once in ten seconds
    server.settle();
    const std::uint64_t before = server.sleeps();
    server.leave_alone(quiet_ms);
    const std::uint64_t wakeups = server.sleeps() - before;
    const double each =
        (static_cast<double>(server.resident_bytes()) - static_cast<double>(empty)) / wanted;
    MESSAGE(wanted << " idle connections: " << wakeups << " wake-ups in " << quiet_ms << " ms, "
                   << each << " bytes each, of shard, session, world and entity together");
    CHECK(wakeups <= rooms);
    CHECK(each < 4096);
    CHECK(echo_load(peers, scale_id::echo, 1, 1, "still there"));
}

TEST_CASE(
    "with a limit on silence, idle connections wake their shard a few times a second at most") {
    ServerProcess server{{.idle_ms = 60'000}};
    auto peers = crowd(server.port(), scaled(1000, 18'000));
    REQUIRE(echo_load(peers, scale_id::echo, 1, 1, "x"));
    server.settle();
    const std::uint64_t before = server.sleeps();
    server.leave_alone(1000);
    // The wheel has 15 buckets a second; one wake-up serves a whole bucket.
    const std::uint64_t wakeups = server.sleeps() - before;
    MESSAGE(peers.size() << " connections: " << wakeups << " wake-ups in a second");
    CHECK(wakeups <= 16);
}
