// The small parts: ids, pools, queues, the wheel, shared messages, the registry, addresses.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "host/core/random.h"
#include "host/net/address.h"
#include "host/net/block_pool.h"
#include "host/net/connection_id.h"
#include "host/net/deadline_wheel.h"
#include "host/net/send_queue.h"
#include "host/net/tcp_transport.h"
#include "host/net/transport_registry.h"
#include "host/testing/seed.h"
#include "tests/support/net.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

std::string contents(const SendQueue& queue) {
    Bytes parts[SendQueue::parts_max];
    std::string all;
    const std::uint32_t count = queue.gather(parts);
    for (std::uint32_t i = 0; i < count; ++i) all += parts[i].text();
    return all;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

}  // namespace

TEST_CASE("a connection id keeps its three parts, and zero is none") {
    const auto id = ConnectionId::make(255, ConnectionId::slot_max, 0xFFFFFFFF);
    CHECK(id.shard() == 255);
    CHECK(id.slot() == ConnectionId::slot_max);
    CHECK(id.generation() == 0xFFFFFFFF);
    CHECK_FALSE(ConnectionId{});
    CHECK(ConnectionId::make(0, 0, 1));
}

TEST_CASE("a pool gives blocks again, keeps no more than it may, and counts both") {
    BlockPool pool{10'000};
    const Block a = pool.allocate(100);
    CHECK(a.bytes == 128);
    pool.free(a);
    const Block b = pool.allocate(128);
    CHECK(b.data == a.data);
    CHECK(pool.allocations() == 1);
    const Block large = pool.allocate(1'000'000);
    CHECK(pool.used_bytes() == 1'000'128);
    pool.free(large);
    pool.free(b);
    CHECK(pool.bytes() == 128);
    std::vector<Block> many;
    for (int i = 0; i < 10; ++i) many.push_back(pool.allocate(4096));
    for (const Block block : many) pool.free(block);
    CHECK(pool.bytes() <= 10'000);
    CHECK(pool.used_bytes() == 0);
}

TEST_CASE("a pool that one size has filled serves other sizes again after their first time") {
    constexpr std::uint32_t sizes[] = {65'536, 64, 16'384, 4096, 64, 65'536};
    BlockPool pool{20 * 65'536};
    for (const std::uint32_t size : sizes) {
        CAPTURE(size);
        std::vector<Block> burst;
        for (std::uint32_t i = 0; i < 3 * 1'000'000 / size; ++i) {
            burst.push_back(pool.allocate(size));
        }
        for (const Block block : burst) pool.free(block);
        CHECK(pool.used_bytes() == 0);
        CHECK(pool.bytes() <= 20 * 65'536);
        for (const std::uint32_t steady : sizes) {
            pool.free(pool.allocate(steady));
            const std::uint64_t before = pool.allocations();
            for (int i = 0; i < 100; ++i) pool.free(pool.allocate(steady));
            CHECK(pool.allocations() == before);
        }
    }
    CHECK(pool.released_bytes() > 0);
}

TEST_CASE("a send queue gives back exactly what went in, in any portions") {
    core::Random random{seed()};
    BlockPool pool{1 << 20};
    SendQueue queue;
    std::atomic<std::uint64_t> encodings{0};
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string piece(random.below(700), static_cast<char>('a' + i % 26));
        switch (random.below(4)) {
            case 0:
                queue.append(pool, bytes_of(piece));
                break;
            case 1:
                if (piece.empty()) continue;
                std::copy(piece.begin(), piece.end(),
                          reinterpret_cast<char*>(
                              queue.extend(pool, static_cast<std::uint32_t>(piece.size()))));
                break;
            case 2: {
                if (piece.empty()) continue;
                const auto message =
                    SharedMessage::encode({}, std::string_view{piece}, false, encodings);
                queue.append_shared(pool, message, message.payload());
                break;
            }
            default: {
                const std::uint64_t count = random.below(queue.bytes() + 1);
                const std::string shown = contents(queue);
                CHECK(shown == expected.substr(0, shown.size()));
                queue.consume(pool, count);
                expected.erase(0, count);
                continue;
            }
        }
        expected += piece;
        REQUIRE(queue.bytes() == expected.size());
    }
    while (!queue.empty()) {
        const std::string shown = contents(queue);
        CHECK(shown == expected.substr(0, shown.size()));
        queue.consume(pool, shown.size());
        expected.erase(0, shown.size());
    }
    CHECK(expected.empty());
    CHECK(pool.used_bytes() == 0);
}

TEST_CASE("a shared message lives until the last queue has written it") {
    BlockPool pool{1 << 20};
    SendQueue a, b;
    std::atomic<std::uint64_t> encodings{0};
    {
        const auto message =
            SharedMessage::encode({}, std::string_view{"shared"}, false, encodings);
        a.append_shared(pool, message, message.payload());
        b.append_shared(pool, message, message.payload());
    }
    a.clear(pool);
    CHECK(contents(b) == "shared");
    b.consume(pool, 6);
    CHECK(encodings == 1);
    CHECK(pool.used_bytes() == 0);
}

TEST_CASE("the wheel fires each deadline once, never early and at most one bucket late") {
    core::Random random{seed()};
    struct Node : DeadlineNode {
        TimeNs wanted = 0;
        bool fired = false;
    };
    std::vector<Node> nodes(500);
    TimeNs now = 12345 * ns_per_s;
    DeadlineWheel wheel{now};
    CHECK(wheel.next_due() == DeadlineWheel::never);
    for (Node& node : nodes) {
        node.wanted = now + static_cast<TimeNs>(random.below(60 * 1'000'000'000ull));
        wheel.set(node, node.wanted);
    }
    for (std::size_t i = 0; i < 100; ++i) wheel.cancel(nodes[i]);
    for (std::size_t i = 100; i < 200; ++i) {
        nodes[i].wanted += ns_per_s;
        wheel.set(nodes[i], nodes[i].wanted);
    }
    constexpr TimeNs bucket_ns = TimeNs{1} << 26;
    while (wheel.next_due() != DeadlineWheel::never) {
        CHECK(wheel.next_due() >= now - bucket_ns);
        now = std::max(now, wheel.next_due());
        while (DeadlineNode* const due = wheel.take_due(now)) {
            Node& node = static_cast<Node&>(*due);
            CHECK_FALSE(node.fired);
            node.fired = true;
            CHECK(node.wanted <= now);
            CHECK(now - node.wanted <= 2 * bucket_ns);
        }
    }
    CHECK(std::count_if(nodes.begin(), nodes.end(), [](const Node& n) { return n.fired; }) == 400);
}

TEST_CASE("the wheel catches up after a sleep longer than its horizon") {
    DeadlineWheel wheel{0};
    DeadlineNode a, b;
    wheel.set(a, 5 * ns_per_s);
    wheel.set(b, 100 * ns_per_s);
    CHECK(wheel.take_due(90 * ns_per_s) == &a);
    CHECK(wheel.take_due(90 * ns_per_s) == nullptr);
    CHECK(wheel.take_due(101 * ns_per_s) == &b);
    CHECK(wheel.next_due() == DeadlineWheel::never);
}

TEST_CASE("the registry refuses bad and taken schemes, and a plugin's transport serves by name") {
    struct Named final : TransportFactory {
        explicit Named(const char* text) : name{text} {}
        Str scheme() const noexcept override { return name; }
        LinkKind kind() const noexcept override { return LinkKind::stream; }
        Status bind(TransportHost*, const BindRequest*, TransportListener**,
                    TransportError*) noexcept override {
            return Status::unsupported;
        }
        Status connect(TransportHost*, const ConnectRequest*, Link**,
                       TransportError*) noexcept override {
            return Status::unsupported;
        }
        const char* name;
    };
    TransportRegistry registry;
    Named good{"loopback-2"}, twin{"loopback-2"}, upper{"Tcp"}, empty{""}, ws{"ws"};
    CHECK(registry.add(good));
    CHECK_FALSE(registry.add(twin));
    CHECK_FALSE(registry.add(upper));
    CHECK_FALSE(registry.add(empty));
    CHECK_FALSE(registry.add(ws));
    CHECK(registry.find("loopback-2") == &good);
    registry.remove(good);
    CHECK(registry.find("loopback-2") == nullptr);
    CHECK(parse_scheme("ws").base == "tcp");
    CHECK(parse_scheme("ws+tls").base == "tls");
    CHECK(parse_scheme("ws+tls").websocket);
    CHECK_FALSE(parse_scheme("tcp").websocket);
}

TEST_CASE("addresses read and print") {
    CHECK(address_text(*parse_address("10.1.2.3", 80)) == "10.1.2.3:80");
    CHECK(address_text(*parse_address("::1", 80)) == "[::1]:80");
    CHECK(address_text({}) == "-");
    CHECK_FALSE(parse_address("10.1.2", 80));
    CHECK_FALSE(parse_address("localhost", 80));
    CHECK_FALSE(parse_address("", 80));
}
