// One connection's flood, and what others notice of it; and the locks of a busy host.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"
#include "tests/support/net.h"

using namespace gantry::test;

namespace {

/// Writes as fast as the host takes it, until it is gone. Reads its answers, or never does.
class Flood {
public:
    Flood(std::uint16_t port, std::uint16_t id, bool reads, std::size_t payload_bytes = 100)
        : peer_{port}, thread_{[this, id, reads, payload_bytes] {
              run(id, reads, payload_bytes);
          }} {}
    ~Flood() {
        stop_ = true;
        thread_.join();
    }
    std::uint64_t written() const { return written_; }

private:
    void run(std::uint16_t id, bool reads, std::size_t payload_bytes) {
        std::string block;
        while (block.size() < 256 * 1024) block += request(id, std::string(payload_bytes, 'f'));
        std::vector<char> answers(256 * 1024);
        std::size_t at = 0;
        while (!stop_) {
            pollfd ready{peer_.descriptor(), static_cast<short>(POLLOUT | (reads ? POLLIN : 0)), 0};
            if (::poll(&ready, 1, 10) <= 0) continue;
            if ((ready.revents & POLLIN) != 0) {
                (void)::recv(peer_.descriptor(), answers.data(), answers.size(), MSG_DONTWAIT);
            }
            if ((ready.revents & POLLOUT) == 0) continue;
            const ssize_t count = ::send(peer_.descriptor(), block.data() + at, block.size() - at,
                                         MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count <= 0) continue;
            written_ += static_cast<std::uint64_t>(count);
            at = (at + static_cast<std::size_t>(count)) % block.size();
        }
    }

    Peer peer_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> written_{0};
    std::thread thread_;
};

}  // namespace

TEST_CASE("a connection that floods does not keep the others of its shard from their answers") {
    for (const std::uint16_t id : {scale_id::echo, scale_id::shard_echo}) {
        for (const bool reads : {true, false}) {
            CAPTURE(id);
            CAPTURE(reads);
            ServerProcess server;
            auto peers = crowd(server.port(), 20);
            const Flood flood{server.port(), id, reads};
            while (flood.written() < 1'000'000) std::this_thread::yield();

            std::vector<double> waits_ms;
            for (std::uint32_t round = 0; round < scaled(20, 200); ++round) {
                for (Peer& peer : peers) {
                    const auto began = std::chrono::steady_clock::now();
                    REQUIRE(peer.call(scale_id::echo, "a quiet word") == "a quiet word");
                    const std::chrono::duration<double, std::milli> took =
                        std::chrono::steady_clock::now() - began;
                    waits_ms.push_back(took.count());
                }
            }
            std::sort(waits_ms.begin(), waits_ms.end());
            MESSAGE("beside " << flood.written() / 1'000'000 << " MB: median "
                              << waits_ms[waits_ms.size() / 2] << " ms, worst " << waits_ms.back()
                              << " ms");
            CHECK(waits_ms.back() < 1000);
        }
    }
}

TEST_CASE("a world that stands still costs its shard no processor time, and goes on where it was") {
    // With a full ring to the worker the shard tried again in every turn, without a pause.
    ServerProcess server;
    auto peers = crowd(server.port(), 4);
    REQUIRE(peers[0].write(frame_bytes(scale_id::stall, "")));
    while (server.locks()["stalled"] == 0) server.leave_alone(1);
    const Flood first{server.port(), scale_id::echo, true, 4000};
    const Flood second{server.port(), scale_id::echo, true, 4000};
    const Flood third{server.port(), scale_id::echo, true, 4000};
    std::uint64_t written = 0;
    for (std::uint64_t now = 1; now != written;
         now = first.written() + second.written() + third.written()) {
        written = now;
        server.leave_alone(300);
    }
    const std::uint64_t before = server.shard_cpu_ms();
    server.leave_alone(1000);
    const std::uint64_t cpu_ms = server.shard_cpu_ms() - before;
    MESSAGE((written / 1000) << " KB wait: " << cpu_ms << " ms of processor time in a second");
    CHECK(cpu_ms < 200);

    server.go_on();
    CHECK(echo_load(peers, scale_id::echo, 20, 4, "goes on"));
    const std::uint64_t then = first.written() + second.written() + third.written();
    while (first.written() + second.written() + third.written() < then + 10'000'000) {
        server.leave_alone(1);
    }
}

TEST_CASE("messages take no contended lock on their way") {
    ServerProcess server{{.shards = 2}};
    auto peers = crowd(server.port(), 50);
    REQUIRE(echo_load(peers, scale_id::echo, 10, 32, "warm"));
    auto before = server.locks();
    REQUIRE(before["locks"] > 0);  // so they are counted
    const std::uint32_t rounds = scaled(60, 2000);
    REQUIRE(echo_load(peers, scale_id::echo, rounds, 32, std::string(64, 'x')));
    auto after = server.locks();
    const std::uint64_t echoes = std::uint64_t{rounds} * 32 * peers.size();
    MESSAGE(echoes << " echoes: " << (after["locks"] - before["locks"])
                   << " locks, of them contended: " << (after["contended"] - before["contended"]));
    CHECK(after["contended"] - before["contended"] == 0);
}
