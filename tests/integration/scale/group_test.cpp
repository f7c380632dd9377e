// A large group: a message to all is encoded once and reaches everybody once.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "host/world/session_list.h"
#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"
#include "tests/support/net.h"

using namespace gantry::test;

TEST_CASE("a broadcast to a large group is encoded once and reaches all exactly once") {
    ServerProcess server{{.shards = 2}};
    const std::uint32_t count = std::min(scaled(2000, 10'000), connections_possible());
    auto peers = crowd(server.port(), count);
    REQUIRE(peers.size() == count);
    REQUIRE(echo_load(peers, scale_id::echo, 1, 1, "here"));
    // Joining is one way; the echo behind it tells that it was done.
    const auto all_send = [&](std::uint16_t id, std::size_t step) {
        for (std::size_t i = 0; i < peers.size(); i += step)
            REQUIRE(peers[i].write(frame_bytes(id, "")));
        REQUIRE(echo_load(peers, scale_id::echo, 1, 1, "done"));
    };
    const auto news = [&](const std::string& text, std::size_t skipped_step) {
        auto before = server.stats();
        REQUIRE(peers.back().write(frame_bytes(scale_id::broadcast, text)));
        std::uint32_t receivers = 0;
        for (std::size_t i = 0; i < peers.size(); ++i) {
            if (skipped_step != 0 && i % skipped_step == 0) continue;
            Peer::Answer answer;
            REQUIRE(peers[i].read(answer));
            CHECK(answer == Peer::Answer{scale_id::news, 0, text});
            ++receivers;
        }
        // Whatever came twice, or to those who left, would come before this echo.
        CHECK(echo_load(peers, scale_id::echo, 1, 1, "nothing between"));
        auto after = server.stats();
        CHECK(after["world_encodings"] - before["world_encodings"] == 1);
        CHECK(after["shared_sends"] - before["shared_sends"] == receivers);
    };
    all_send(scale_id::join, 1);
    news("to all", 0);
    all_send(scale_id::leave, 3);
    news("to those who stayed", 3);
    all_send(scale_id::join, 3);
    news("to all again", 0);
}

TEST_CASE("joining and leaving cost the same whatever the size of the group") {
    gantry::world::Group group;
    const auto session = [](std::uint64_t number) { return gantry::SessionId{number << 32 | 1}; };
    const auto cost_ns = [&](std::uint64_t from) {
        std::vector<double> costs;
        for (int round = 0; round < 51; ++round) {
            const auto began = std::chrono::steady_clock::now();
            for (std::uint64_t i = 0; i < 100; ++i) group.join(session(from + i));
            for (std::uint64_t i = 0; i < 100; ++i) group.leave(session(from + i));
            const std::chrono::duration<double, std::nano> took =
                std::chrono::steady_clock::now() - began;
            costs.push_back(took.count() / 200);
        }
        std::nth_element(costs.begin(), costs.begin() + 25, costs.end());
        return costs[25];
    };
    for (std::uint64_t i = 0; i < 100; ++i) group.join(session(i));
    const double small = cost_ns(1'000'000);
    for (std::uint64_t i = 100; i < 100'000; ++i) group.join(session(i));
    const double large = cost_ns(1'000'000);
    MESSAGE("100 members: " << small << " ns, 100,000 members: " << large << " ns");
    // Linear would be a thousand times as much; caches alone make some difference.
    CHECK(large < 20 * small);
}
