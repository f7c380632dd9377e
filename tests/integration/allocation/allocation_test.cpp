// A threaded host on real sockets: once it is warm, a message takes nothing from the allocator on
// its way from the client through shard, world and handler and back.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "host/app/host.h"
#include "host/core/clock.h"
#include "host/net/ws_codec.h"
#include "tests/integration/allocation/counted.h"
#include "tests/support/tcp.h"
#include "tests/support/websocket.h"

using namespace gantry;
using namespace gantry::test;

namespace {

// As plugin.cpp and note.proto have them.
constexpr std::uint16_t raw_id = 1, typed_id = 2, route_id = 3;

/// A Note as protobuf writes it: what is empty is left out.
std::string typed_payload(std::size_t bytes) {
    std::string note{"\x08\xE7\x24"};
    const auto add = [&note](char tag, char fill, std::size_t count) {
        if (count == 0) return;
        note += tag;
        std::size_t left = count;
        for (; left > 0x7F; left >>= 7) note += static_cast<char>(left | 0x80);
        note += static_cast<char>(left);
        note.append(count, fill);
    };
    add(0x12, 't', bytes / 2);
    add(0x1A, 'b', bytes - bytes / 2);
    return note;
}

std::string unmasked(const std::string& payload) {
    return ws_frame(net::ws_opcode::binary, payload, true, false, false);
}

struct Subject {
    Subject() {
        exempt_this_thread();
        manifest::Manifest manifest;
        manifest.shards = 1;
        manifest.workers = 1;
        manifest.drop.folder = "no such folder";
        manifest.admin.enabled = false;
        for (const char* transport : {"tcp", "ws"}) {
            manifest::Listener listener;
            listener.name = transport;
            listener.transport = transport;
            listener.world = "world";
            listener.ws.permessage_deflate = false;
            manifest.listeners.push_back(listener);
        }
        manifest::World world;
        world.name = "world";
        world.tick_hz = 20;
        world.plugins = {"allocation"};
        manifest.worlds.push_back(world);
        manifest.plugins.push_back({});
        manifest.plugins.back().name = "allocation";
        manifest.plugins.back().file = ALLOCATION_PLUGIN;
        auto made = app::Host::create(std::move(manifest), clock, {});
        REQUIRE_MESSAGE(made.has_value(), made.error().message);
        host = std::move(*made);
        host->start_threads();
    }

    TcpClient connect(const std::string& transport) {
        for (const app::Endpoint& at : host->endpoints()) {
            if (at.name != transport) continue;
            TcpClient client{at.port};
            if (transport == "ws") {
                REQUIRE(client.write(ws_request()));
                std::string head;
                while (!head.ends_with("\r\n\r\n")) {
                    const std::string byte = client.read(1);
                    REQUIRE(!byte.empty());
                    head += byte;
                }
            }
            return client;
        }
        FAIL("no listener " << transport);
        std::abort();
    }

    core::SystemClock clock;
    std::unique_ptr<app::Host> host;
};

/// What the host's threads allocated while `count` requests, `depth` at a time, were answered.
std::uint64_t lap(TcpClient& client, const std::string& request, const std::string& answer,
                  std::uint32_t count, std::uint32_t depth) {
    std::string requests, answers;
    for (std::uint32_t i = 0; i < depth; ++i) {
        requests += request;
        answers += answer;
    }
    const std::uint64_t before = allocations();
    for (std::uint32_t done = 0; done < count; done += depth) {
        REQUIRE(client.write(requests));
        REQUIRE(client.read(answers.size()) == answers);
    }
    return allocations() - before;
}

}  // namespace

TEST_CASE("the count sees what the host's threads allocate") {
    Subject subject;
    auto client = subject.connect("tcp");
    const std::uint64_t before = allocations();
    for (int i = 0; i < 10; ++i) {  // each refusal puts a sentence together
        REQUIRE(client.write(frame_bytes(9, "", net::frame_flags::request, 1)));
        const std::string head = client.read(net::frame_header_bytes);
        REQUIRE(head.size() == net::frame_header_bytes);
        client.read(
            net::decode_head(reinterpret_cast<const std::byte*>(head.data())).payload_bytes);
    }
    CHECK(allocations() >= before + 10);
}

TEST_CASE("a warm host answers without allocating") {
    Subject subject;
    for (const std::string transport : {"tcp", "ws"}) {
        for (const std::uint16_t id : {raw_id, typed_id, route_id}) {
            for (const std::size_t bytes : {0, 1, 64, 1000, 5000, 20'000, 40'000, 65'500, 65'535}) {
                if (id == typed_id && bytes == 65'535) continue;  // its tags need room too
                for (const std::uint32_t depth : {1u, 8u}) {
                    const std::string payload =
                        id == typed_id ? typed_payload(bytes) : std::string(bytes, 'p');
                    std::string request = frame_bytes(id, payload, net::frame_flags::request, 77);
                    std::string answer = frame_bytes(id, payload, net::frame_flags::response, 77);
                    if (transport == "ws") {
                        request = ws_frame(net::ws_opcode::binary, request);
                        answer = unmasked(answer);
                    }
                    auto client = subject.connect(transport);
                    const std::uint32_t count = bytes < 2000 ? 1600 : 160;
                    lap(client, request, answer, count, depth);  // warms up
                    // How the bytes are cut on their way is the system's business: a lap may be
                    // the first to need a block of some size. What every message took would be in
                    // every lap.
                    std::uint64_t least = UINT64_MAX, all = 0;
                    for (int i = 0; i < 5; ++i) {
                        const std::uint64_t took = lap(client, request, answer, count, depth);
                        least = std::min(least, took);
                        all += took;
                    }
                    CAPTURE(transport);
                    CAPTURE(id);
                    CAPTURE(bytes);
                    CAPTURE(depth);
                    CHECK(least == 0);
                    if (all != 0) MESSAGE(all << " allocations for " << 5 * count << " messages");
                }
            }
        }
    }
}
