// Bursts and lies: memory that is taken is given back, and what is only announced is never taken.
#include <doctest/doctest.h>

#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"
#include "tests/support/websocket.h"

using namespace gantry::test;

TEST_CASE("after bursts of large messages the memory is what it was") {
    ServerProcess server;
    auto peers = crowd(server.port(), 50);
    const std::string large(64 * 1024 - 1, 'x');
    // The rings between shard and worker are touched once round before anything is measured.
    REQUIRE(echo_load(peers, scale_id::echo, 4, 4, large));
    const double before = static_cast<double>(server.resident_bytes());
    const std::uint32_t rounds = scaled(1000, 10'000) / 50 / 4;
    REQUIRE(echo_load(peers, scale_id::echo, rounds, 4, large));
    // What the pool does not keep goes back to the system a second after the last burst.
    double after = 0;
    for (int turn = 0; turn < 50; ++turn) {
        after = static_cast<double>(server.resident_bytes());
        if (after < 1.1 * before) break;
        server.leave_alone(100);
    }
    MESSAGE((rounds * 200) << " messages of 64 KiB: " << before / 1e6 << " MB before, "
                           << after / 1e6 << " MB after");
    CHECK(after < 1.1 * before);
    CHECK(server.stats()["pool_used_bytes"] == 0);
}

TEST_CASE("a frame that announces 2 GiB ends its connection and takes no memory") {
    for (const std::string transport : {"tcp", "ws"}) {
        CAPTURE(transport);
        ServerProcess server{{.transport = transport}};
        std::string lie = frame_bytes(scale_id::echo, "x");
        lie[3] = static_cast<char>(0x80);  // of the length, little endian
        if (transport == "ws") {
            lie = ws_frame(gantry::net::ws_opcode::binary, "").substr(0, 1) + '\xFF' +
                  std::string("\0\0\0\0\x80\0\0\0mask", 12);
        }
        const auto tell = [&] {
            Peer peer{server.port()};
            REQUIRE(peer.ok());
            if (transport == "ws") {
                REQUIRE(peer.write(ws_request()));
                REQUIRE(server.wait_for("open", 1));
            }
            REQUIRE(peer.write(lie));
            CHECK(server.wait_for("open", 0));
            peer.end();
            CHECK(server.wait_for("load", 0));
        };
        for (int i = 0; i < 3; ++i) tell();  // the first ones warm up
        const std::uint64_t before = server.resident_bytes();
        tell();
        const std::uint64_t after = server.resident_bytes();
        CHECK(after < before + 64 * 1024);
        CHECK(server.stats()["closed_payload_too_large"] == 4);
    }
}
