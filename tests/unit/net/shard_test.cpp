// Shard over memory links: frames in and out, back-pressure, limits and endings.
#include "host/net/shard.h"

#include <doctest/doctest.h>

#include <random>

#include "host/testing/seed.h"
#include "tests/support/net.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

TEST_CASE("the same frames arrive wherever the network splits the bytes") {
    const std::string wire = frame_bytes(1, "move") + frame_bytes(2, "") + frame_bytes(3, "chat!");
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        CAPTURE(step);
        MemoryShard test;
        REQUIRE(test.shard.listen(test.listener()));
        MemoryClient client = test.connect();
        client.split_reads(step);
        client.write(wire);
        test.settle();
        CHECK(test.events.frames == std::vector<std::string>{"1:move", "2:", "3:chat!"});
    }
    for (std::size_t split = 0; split <= wire.size(); ++split) {
        CAPTURE(split);
        MemoryShard test;
        REQUIRE(test.shard.listen(test.listener()));
        MemoryClient client = test.connect();
        client.write(wire.substr(0, split));
        test.settle();
        client.write(wire.substr(split));
        test.settle();
        CHECK(test.events.frames == std::vector<std::string>{"1:move", "2:", "3:chat!"});
        CHECK(test.shard.counters().frames_in == 3);
    }
}

TEST_CASE("ten thousand frames arrive the same however many bytes one read brings") {
    std::mt19937_64 chance{seed()};
    std::string wire;
    std::vector<std::string> expected;
    for (int i = 0; i < 10'000; ++i) {
        const auto id = static_cast<std::uint16_t>(chance() % 1000);
        std::string payload(chance() % 40, 'x');
        for (char& c : payload) c = static_cast<char>(chance());
        wire += frame_bytes(id, payload);
        expected.push_back(std::to_string(id) + ":" + payload);
    }
    // One byte a read cuts at every offset at once; 0 is as much as there is.
    for (const std::size_t step : {1, 2, 3, 5, 11, 12, 13, 64, 251, 4096, 65'536, 0}) {
        CAPTURE(step);
        MemoryShard test;
        REQUIRE(test.shard.listen(test.listener()));
        MemoryClient client = test.connect();
        client.split_reads(step);
        for (std::size_t at = 0; at < wire.size();) {  // written in pieces too
            const std::size_t count = 1 + chance() % 50'000;
            client.write(std::string_view{wire}.substr(at, count));
            at += count;
            test.settle();
        }
        CHECK(test.events.frames.size() == expected.size());
        CHECK((test.events.frames == expected));
        CHECK(test.shard.counters().pool_used_bytes == 0);
    }
}

TEST_CASE("every framing cuts its frames and puts its own prefix in front of answers") {
    struct Row {
        Framing framing;
        std::string in;
        std::string out;
    };
    const Row rows[] = {
        {Framing::u16le, std::string{"\x02\x00hi\x00\x00", 6}, std::string{"\x02\x00ok", 4}},
        {Framing::u16be, std::string{"\x00\x02hi\x00\x00", 6}, std::string{"\x00\x02ok", 4}},
        {Framing::u32le, std::string{"\x02\0\0\0hi\0\0\0\0", 10}, std::string{"\x02\0\0\0ok", 6}},
        {Framing::u32be, std::string{"\0\0\0\x02hi\0\0\0\0", 10}, std::string{"\0\0\0\x02ok", 6}},
        {Framing::line, "hi\r\n\n", "ok\n"},
    };
    for (const Row& row : rows) {
        for (std::size_t step = 1; step <= row.in.size(); ++step) {
            CAPTURE(framing_name(row.framing));
            CAPTURE(step);
            MemoryShard test;
            REQUIRE(test.shard.listen(test.listener(row.framing)));
            MemoryClient client = test.connect();
            client.split_reads(step);
            client.write(row.in);
            test.settle();
            CHECK(test.events.frames == std::vector<std::string>{"0:hi", "0:"});
            CHECK(test.shard.send(test.events.opened.at(0), {}, std::string_view{"ok"}) ==
                  Status::ok);
            test.settle();
            CHECK(client.read() == row.out);
        }
    }
}

TEST_CASE("a frame above the limit closes its connection before anything is stored for it") {
    MemoryShard test;
    ListenerConfig config = test.listener();
    config.payload_bytes_max = 100;
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    client.write(frame_bytes(1, std::string(100, 'x')));
    test.settle();
    CHECK(test.events.frames.size() == 1);
    const std::uint64_t before = test.shard.counters().pool_bytes;

    FrameHead huge;
    huge.payload_bytes = 0x7FFF'FFFF;
    std::string head(frame_header_bytes, '\0');
    encode_head(huge, reinterpret_cast<std::byte*>(head.data()));
    client.write(head);
    test.settle();
    CHECK(test.events.log == std::vector<std::string>{"open", "close payload_too_large"});
    CHECK(client.peer_closed());
    CHECK(test.shard.counters().pool_bytes == before);
}

TEST_CASE("a frame larger than the receive buffer is put together as it comes") {
    ShardConfig shard;
    shard.receive_buffer_bytes = 1024;
    MemoryShard test{shard};
    ListenerConfig config = test.listener();
    config.payload_bytes_max = 1 << 20;
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    std::string large(100'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7);
    for (const std::size_t step : {std::size_t{0}, std::size_t{777}, std::size_t{5000}}) {
        test.events.frames.clear();
        client.split_reads(step);
        client.write(frame_bytes(5, large) + frame_bytes(6, "after"));
        test.settle();
        CHECK(test.events.frames == std::vector<std::string>{"5:" + large, "6:after"});
    }
    client.write(frame_bytes(5, large).substr(0, 50));
    test.settle();
    CHECK(test.shard.counters().pool_used_bytes <= 1024);
}

TEST_CASE("an unknown flag, or flags that contradict one another, are a protocol error") {
    for (const std::uint8_t flags : std::initializer_list<std::uint8_t>{16, 128, 3, 4, 5, 10}) {
        CAPTURE(int{flags});
        MemoryShard test;
        REQUIRE(test.shard.listen(test.listener()));
        MemoryClient client = test.connect();
        client.write(frame_bytes(1, "x", flags) + frame_bytes(2, "never"));
        test.settle();
        CHECK(test.events.frames.empty());
        CHECK(test.events.log == std::vector<std::string>{"open", "close protocol_error"});
    }
}

TEST_CASE("the host answers an echo by itself, and waits when its answers are not read") {
    MemoryShard test;
    ListenerConfig config = test.listener();
    config.queue = {1000, 500, 4000};
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    client.write(frame_bytes(0xFF01, "ping", frame_flags::echo | frame_flags::request, 77, 3));
    test.settle();
    CHECK(client.read() == frame_bytes(0xFF01, "ping", frame_flags::response, 77, 3));
    CHECK(test.events.frames.empty());

    client.stall(true);
    std::string many;
    for (int i = 0; i < 200; ++i) many += frame_bytes(1, std::string(88, 'e'), frame_flags::echo);
    client.write(many + frame_bytes(9, "last"));
    test.settle();
    CHECK(test.events.closed.empty());
    CHECK(test.events.frames.empty());
    client.stall(false);
    std::string answers;
    for (int i = 0; i < 200; ++i) {
        test.settle();
        answers += client.read();
    }
    CHECK(answers.size() == many.size());
    CHECK(test.events.frames == std::vector<std::string>{"9:last"});
}

TEST_CASE("a blocked frame is shown again after resume, and nothing overtakes it") {
    for (const std::size_t step : {0, 1, 7, 20}) {
        CAPTURE(step);
        MemoryShard test;
        REQUIRE(test.shard.listen(test.listener()));
        MemoryClient client = test.connect();
        client.split_reads(step);
        std::vector<std::string> expected;
        for (int i = 0; i < 10; ++i) {
            client.write(frame_bytes(static_cast<std::uint16_t>(i), "p" + std::to_string(i)));
            expected.push_back(std::to_string(i) + ":p" + std::to_string(i));
        }
        for (std::size_t taken = 0; taken < 10; taken += 3) {
            test.events.block_after = taken;
            if (taken != 0) CHECK(test.shard.resume(test.events.opened.at(0)) == Status::ok);
            test.settle();
            CHECK(test.events.frames.size() == taken);
        }
        test.events.block_after = SIZE_MAX;
        CHECK(test.shard.resume(test.events.opened.at(0)) == Status::ok);
        client.write(frame_bytes(10, "p10"));
        expected.push_back("10:p10");
        test.settle();
        CHECK(test.events.frames == expected);
        CHECK(test.shard.counters().blocked >= 4);
        CHECK(test.shard.counters().frames_in == 11);
    }
}

TEST_CASE("watermarks tell once each way, and a peer that never reads is closed as slow") {
    MemoryShard test;
    ListenerConfig config = test.listener();
    config.queue = {1000, 300, 2000};
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    test.settle();
    const ConnectionId id = test.events.opened.at(0);
    client.stall(true);
    const std::string payload(88, 'x');
    const auto send = [&](int times) {
        for (int i = 0; i < times; ++i) test.shard.send(id, {}, std::string_view{payload});
        test.settle();
    };
    send(9);
    CHECK(test.events.log == std::vector<std::string>{"open"});
    send(3);
    send(2);
    CHECK(test.events.log == std::vector<std::string>{"open", "high"});
    client.stall(false);
    client.limit_unread(500);
    test.settle();
    CHECK(test.events.log.size() == 2);
    std::string got = client.read();
    client.limit_unread(5000);
    test.settle();
    CHECK(test.events.log == std::vector<std::string>{"open", "high", "low"});
    got += client.read();
    CHECK(cut_all(got).size() == 14);

    client.stall(true);
    send(30);
    CHECK(test.events.log ==
          std::vector<std::string>{"open", "high", "low", "close slow_consumer"});
    CHECK(test.shard.send(id, {}, std::string_view{"x"}) == Status::not_found);
    CHECK(client.peer_closed());
    CHECK(test.shard.counters().closed[static_cast<std::size_t>(CloseReason::slow_consumer)] == 1);
}

TEST_CASE("a batch larger than the queue's limit passes while the peer reads") {
    MemoryShard test;
    ListenerConfig config = test.listener();
    config.queue = {1000, 300, 2000};
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    test.settle();
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(test.shard.send(test.events.opened.at(0), {}, std::string_view{"0123456789"}) ==
                Status::ok);
    }
    test.settle();
    CHECK(cut_all(client.read()).size() == 1000);
    CHECK(test.shard.send(test.events.opened.at(0), {}, std::string_view{std::string(2001, 'x')}) ==
          Status::invalid);
    CHECK(test.events.log == std::vector<std::string>{"open"});
}

TEST_CASE("all that a batch queued for a connection leaves in one write") {
    MemoryShard test;
    REQUIRE(test.shard.listen(test.listener()));
    MemoryClient client = test.connect();
    test.events.handler = [&](ConnectionId id, const Frame& frame) {
        test.shard.send(id, frame.head, frame.payload);
        return FrameVerdict::taken;
    };
    std::string wire;
    for (int i = 0; i < 100; ++i) wire += frame_bytes(1, std::string(64, 'x'));
    test.settle();
    const std::uint64_t writes = test.shard.counters().writes;
    client.write(wire);
    test.settle();
    CHECK(client.read() == wire);
    CHECK(test.shard.counters().writes == writes + 1);
    // A steady state takes nothing from the system, once the queue has learnt its size.
    client.write(wire);
    test.settle();
    CHECK(client.read() == wire);
    const std::uint64_t allocations = test.shard.counters().pool_allocations;
    for (int i = 0; i < 10; ++i) {
        client.write(wire);
        test.settle();
        CHECK(client.read() == wire);
    }
    CHECK(test.shard.counters().pool_allocations == allocations);
}

TEST_CASE("a broadcast encodes once and reaches receivers of every framing") {
    MemoryShard test;
    const Framing framings[] = {Framing::gantry, Framing::u16be, Framing::u32le, Framing::line};
    std::vector<MemoryClient> clients;
    std::uint16_t port = 1;
    for (const Framing framing : framings) {
        ListenerConfig config = test.listener(framing);
        config.port = port;
        REQUIRE(test.shard.listen(config));
        clients.push_back(test.network.connect("here", port++));
    }
    test.settle();
    std::atomic<std::uint64_t> encodings{0};
    FrameHead head;
    head.message_id = 9;
    {
        const auto message =
            SharedMessage::encode(head, std::string_view{"news"}, false, encodings);
        for (const ConnectionId id : test.events.opened) {
            CHECK(test.shard.send_shared(id, message) == Status::ok);
        }
    }
    test.settle();
    CHECK(encodings == 1);
    CHECK(clients[0].read() == frame_bytes(9, "news"));
    CHECK(clients[1].read() == std::string{"\0\x04news", 6});
    CHECK(clients[2].read() == std::string{"\x04\0\0\0news", 8});
    CHECK(clients[3].read() == "news\n");
}
