// Connections that come and go: nothing of them stays, and each end is told once.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"

using namespace gantry::test;

TEST_CASE("after many connections came and went, the tables are empty again") {
    ServerProcess server{{.shards = 2}};
    const std::uint32_t total = scaled(4000, 100'000);
    std::uint32_t made = 0;
    std::uint64_t after_first = 0;
    while (made < total) {
        auto peers = crowd(server.port(), std::min<std::uint32_t>(500, total - made));
        REQUIRE(!peers.empty());
        made += static_cast<std::uint32_t>(peers.size());
        for (std::size_t i = 0; i < peers.size(); i += 2) peers[i].abort();
        peers.clear();
        if (after_first == 0) {
            REQUIRE(server.wait_for("load", 0));
            after_first = server.resident_bytes();
        }
    }
    REQUIRE(server.wait_for("load", 0));
    REQUIRE(server.wait_for("world_closed", total));
    auto stats = server.stats();
    CHECK(stats["sessions"] == 0);
    CHECK(stats["open"] == 0);
    CHECK(stats["opened"] == total);
    CHECK(stats["closed"] == total);
    CHECK(stats["world_opened"] == total);
    CHECK(stats["pool_used_bytes"] == 0);
    CHECK(stats["closed_twice"] == 0);
    const double growth =
        static_cast<double>(server.resident_bytes()) / static_cast<double>(after_first);
    MESSAGE(total << " connections; memory " << growth << " of what it was after the first 500");
    CHECK(growth < 1.5);
}

TEST_CASE("connections above the limit are closed at once and counted as max") {
    struct Row {
        const char* balance;
        std::uint32_t shards;
    };
    for (const Row& row : {Row{"kernel", 1}, Row{"round_robin", 4}, Row{"least", 4}}) {
        CAPTURE(row.balance);
        ServerProcess server{
            {.balance = row.balance, .shards = row.shards, .connections_max = 100}};
        auto inside = crowd(server.port(), 100);
        REQUIRE(inside.size() == 100);
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < 50; ++i) {
            Peer over{server.port()};
            CHECK(over.at_end());
        }
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - began;
        MESSAGE("50 were turned away in " << took.count() << " ms");
        CHECK(took.count() < 2000);
        CHECK(server.wait_for("refused_max", 50));
        CHECK(server.stats()["open"] == 100);
        CHECK(echo_load(inside, scale_id::echo, 1, 1, "undisturbed"));
        inside[7].end();
        REQUIRE(server.wait_for("load", 99));
        Peer next{server.port()};
        CHECK(next.call(scale_id::echo, "there is room again") == "there is room again");
    }
}

TEST_CASE("a client that is killed is closed once") {
    ServerProcess server;
    for (const bool mid_frame : {false, true}) {
        CAPTURE(mid_frame);
        const std::uint64_t closed_before = server.stats()["world_closed"];
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            Peer peer{server.port()};
            const bool answered = peer.call(scale_id::echo, "alive") == "alive";
            if (mid_frame) peer.write(request(scale_id::echo, "never whole").substr(0, 15));
            const char told = answered ? 'y' : 'n';
            if (::write(ready[1], &told, 1) != 1) _exit(1);
            while (true) pause();
        }
        char told = 0;
        REQUIRE(::read(ready[0], &told, 1) == 1);
        CHECK(told == 'y');
        close(ready[0]);
        close(ready[1]);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        CHECK(server.wait_for("world_closed", closed_before + 1));
        // What could still come would have come before these answers.
        Peer peer{server.port()};
        for (int i = 0; i < 10; ++i) CHECK(peer.call(scale_id::echo, "x") == "x");
        auto stats = server.stats();
        CHECK(stats["world_closed"] == closed_before + 1);
        CHECK(stats["closed"] == closed_before + 1);
        CHECK(stats["closed_twice"] == 0);
        peer.end();
        REQUIRE(server.wait_for("world_closed", closed_before + 2));
    }
}
