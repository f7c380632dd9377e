// Which shard gets a connection, with four shards and many connections.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "host/net/address.h"
#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"

using namespace gantry;
using namespace gantry::test;

namespace {

constexpr std::uint32_t shards = 4;
using Counts = std::array<std::uint32_t, shards>;

struct Spread {
    explicit Spread(const char* balance) : server{{.balance = balance, .shards = shards}} {}

    std::vector<std::uint64_t> sessions(std::vector<Peer>& peers) {
        std::vector<std::uint64_t> all;
        for (Peer& peer : peers) all.push_back(session_of(peer));
        return all;
    }
    Counts count(const std::vector<std::uint64_t>& sessions) {
        Counts counts{};
        for (const std::uint64_t session : sessions) {
            REQUIRE(shard_of(session) < shards);
            ++counts[shard_of(session)];
        }
        MESSAGE("shards: " << counts[0] << " " << counts[1] << " " << counts[2] << " "
                           << counts[3]);
        return counts;
    }

    ServerProcess server;
};

/// How far the fullest and the emptiest shard are from an even share, in percent.
double unevenness(const Counts& counts) {
    double sum = 0;
    for (const std::uint32_t count : counts) sum += count;
    const auto [low, high] = std::minmax_element(counts.begin(), counts.end());
    const double share = sum / shards;
    return 100 * std::max(*high - share, share - *low) / share;
}

}  // namespace

TEST_CASE("a connection stays on its shard, however much it sends") {
    Spread spread{"round_robin"};
    auto peers = crowd(spread.server.port(), scaled(400, 4000));
    const auto before = spread.sessions(peers);
    for (int round = 0; round < 3; ++round) {
        REQUIRE(echo_load(peers, scale_id::echo, 2, 4, "some text"));
        CHECK(spread.sessions(peers) == before);
    }
    auto unique = before;
    std::sort(unique.begin(), unique.end());
    CHECK(std::unique(unique.begin(), unique.end()) == unique.end());
}

TEST_CASE("round_robin and least give every shard its share") {
    for (const char* balance : {"round_robin", "least"}) {
        CAPTURE(balance);
        Spread spread{balance};
        auto peers = crowd(spread.server.port(), scaled(800, 4000));
        REQUIRE(peers.size() == scaled(800, 4000));
        CHECK(unevenness(spread.count(spread.sessions(peers))) <= 10);
    }
}

TEST_CASE("least fills up the shard that lost connections") {
    Spread spread{"least"};
    auto peers = crowd(spread.server.port(), 400);
    const auto sessions = spread.sessions(peers);
    std::vector<Peer> stay;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        if (shard_of(sessions[i]) != 2) stay.push_back(std::move(peers[i]));
    }
    const auto left = static_cast<std::uint32_t>(400 - stay.size());
    peers.clear();
    REQUIRE(spread.server.wait_for("load", stay.size()));
    auto fresh = crowd(spread.server.port(), left);
    CHECK(spread.count(spread.sessions(fresh))[2] == left);
}

TEST_CASE("hash keeps an address on one shard, the one that its hash says") {
    Spread spread{"hash"};
    Counts counts{};
    for (std::uint32_t i = 0; i < 64; ++i) {
        const std::string ip = "127.0.2." + std::to_string(i + 1);
        const auto predicted = net::address_hash(*net::parse_address(ip, 0)) % shards;
        for (int again = 0; again < 3; ++again) {
            Peer peer{spread.server.port(), 0x7F000201u + i};
            CHECK(shard_of(session_of(peer)) == predicted);
        }
        ++counts[predicted];
    }
    CHECK(*std::min_element(counts.begin(), counts.end()) > 0);
}

TEST_CASE("the kernel uses every shard") {
    Spread spread{"kernel"};
    auto peers = crowd(spread.server.port(), scaled(800, 4000));
    REQUIRE(peers.size() == scaled(800, 4000));
    CHECK(unevenness(spread.count(spread.sessions(peers))) <= 40);
}
