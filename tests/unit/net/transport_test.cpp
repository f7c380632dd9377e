// A transport from outside: messages instead of bytes, reported by a waker and a deadline.
#include <doctest/doctest.h>

#include <deque>
#include <thread>

#include "tests/support/net.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

struct Message {
    std::string bytes;
    bool text = false;
};

/// What a plugin's datagram-like transport could be: every link echoes into two queues of the test.
class QueueLink final : public Link {
public:
    explicit QueueLink(int& alive) : alive_{alive} { ++alive_; }
    LinkKind kind() const noexcept override { return LinkKind::message; }
    std::int64_t descriptor() const noexcept override { return -1; }
    void attach(LinkEvents* to) noexcept override { events = to; }
    LinkResult open() noexcept override { return ready ? LinkResult::ok : LinkResult::would_block; }
    LinkIo read(std::byte* buffer, std::uint64_t capacity) noexcept override {
        if (inbox.empty()) return {};
        const Message& message = inbox.front();
        if (message.bytes.size() > capacity)
            return {message.bytes.size(), LinkResult::too_large, 0};
        std::memcpy(buffer, message.bytes.data(), message.bytes.size());
        const LinkIo io{message.bytes.size(), LinkResult::ok, message.text ? link_text : 0};
        inbox.pop_front();
        return io;
    }
    LinkIo writev(const Bytes* parts, std::uint32_t count, std::uint32_t flags) noexcept override {
        if (full) return {};
        Message message{"", (flags & link_text) != 0};
        for (std::uint32_t i = 0; i < count; ++i) message.bytes += parts[i].text();
        outbox.push_back(message);
        return {message.bytes.size(), LinkResult::ok, 0};
    }
    void shutdown() noexcept override {}
    NetAddress local() const noexcept override { return {}; }
    NetAddress remote() const noexcept override { return {}; }
    void destroy() noexcept override {
        --alive_;
        delete this;
    }

    void arrive(std::string bytes, bool text = false) {
        inbox.push_back({std::move(bytes), text});
        events->readable();
    }

    LinkEvents* events = nullptr;
    bool ready = true;
    bool full = false;
    std::deque<Message> inbox;
    std::vector<Message> outbox;

private:
    int& alive_;
};

class QueueTransport final : public TransportFactory, public TransportListener, public Watcher {
public:
    Str scheme() const noexcept override { return "queue"; }
    LinkKind kind() const noexcept override { return LinkKind::message; }
    Status bind(TransportHost* to, const BindRequest* request, TransportListener** listener,
                TransportError*) noexcept override {
        host = to;
        index = request->listener_index;
        waker = host->add_waker(this);
        *listener = this;
        return Status::ok;
    }
    Status connect(TransportHost*, const ConnectRequest*, Link** link,
                   TransportError*) noexcept override {
        *link = last = new QueueLink{alive};
        return Status::ok;
    }
    NetAddress local() const noexcept override { return {}; }
    void destroy() noexcept override { host->remove_waker(waker); }

    void on_ready(std::int64_t, std::uint32_t) noexcept override {}
    void on_deadline(std::uint64_t token) noexcept override { deadlines.push_back(token); }
    void on_wake() noexcept override {
        last = new QueueLink{alive};
        host->accepted(index, last);
    }

    TransportHost* host = nullptr;
    std::uint32_t index = 0;
    std::uint64_t waker = 0;
    QueueLink* last = nullptr;
    int alive = 0;
    std::vector<std::uint64_t> deadlines;
};

struct QueueTest {
    explicit QueueTest(Framing framing = Framing::gantry) {
        REQUIRE(test.shard.transports().add(transport));
        ListenerConfig config = test.listener(framing, "queue");
        config.payload_bytes_max = 300'000;
        REQUIRE(test.shard.listen(config));
        std::thread{[this] { transport.host->wake(transport.waker); }}.join();
        test.settle();
        REQUIRE(transport.last != nullptr);
    }
    QueueTransport transport;
    MemoryShard test;
};

}  // namespace

TEST_CASE("messages of a message transport are frames, also large ones, and answers are one each") {
    QueueTest queue;
    const std::string large(200'000, 'm');
    queue.transport.last->arrive(frame_bytes(1, "one"));
    queue.transport.last->arrive(frame_bytes(2, large));
    queue.test.settle();
    CHECK(queue.test.events.frames == std::vector<std::string>{"1:one", "2:" + large});
    const ConnectionId id = queue.test.events.opened.at(0);
    queue.transport.last->full = true;
    std::atomic<std::uint64_t> encodings{0};
    queue.test.shard.send(id, {0, 3, 0, 0, 0}, std::string_view{"a"});
    queue.test.shard.send_shared(
        id, SharedMessage::encode({0, 4, 0, 0, 0}, std::string_view{"b"}, false, encodings));
    queue.test.settle();
    CHECK(queue.transport.last->outbox.empty());
    queue.transport.last->full = false;
    queue.transport.last->events->writable();
    queue.test.settle();
    REQUIRE(queue.transport.last->outbox.size() == 2);
    CHECK(queue.transport.last->outbox[0].bytes == frame_bytes(3, "a"));
    CHECK(queue.transport.last->outbox[1].bytes == frame_bytes(4, "b"));

    queue.transport.last->arrive(frame_bytes(5, "length") + "!");
    queue.test.settle();
    CHECK(queue.test.events.log.back() == "close protocol_error");
}

TEST_CASE("a blocked message is shown again before the next one is read") {
    QueueTest queue{Framing::u32le};
    queue.test.events.block_after = 0;
    queue.transport.last->arrive("a", true);
    queue.transport.last->arrive("b");
    queue.test.settle();
    CHECK(queue.test.events.frames.empty());
    CHECK(queue.transport.last->inbox.size() == 1);
    queue.test.events.block_after = SIZE_MAX;
    queue.test.shard.resume(queue.test.events.opened.at(0));
    queue.test.settle();
    CHECK(queue.test.events.frames == std::vector<std::string>{"text:0:a", "0:b"});
}

TEST_CASE(
    "a message above the limit closes, and a text message is refused where binary is spoken") {
    for (const bool text : {false, true}) {
        QueueTest queue;
        queue.transport.last->arrive(text ? frame_bytes(1, "x") : std::string(400'000, 'x'), text);
        queue.test.settle();
        CHECK(queue.test.events.log.back() ==
              (text ? "close text_refused" : "close payload_too_large"));
    }
}

TEST_CASE("deadlines of a transport come in order, cancelled ones never") {
    QueueTest queue;
    TransportHost& host = *queue.transport.host;
    host.set_deadline(host.now() + 20, &queue.transport, 2);
    host.set_deadline(host.now() + 10, &queue.transport, 1);
    const std::uint64_t never = host.set_deadline(host.now() + 15, &queue.transport, 9);
    host.cancel_deadline(never);
    queue.test.settle();
    CHECK(queue.transport.deadlines.empty());
    queue.test.advance(25);
    CHECK(queue.transport.deadlines == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("links are destroyed by the shard that owns them, whatever the ending") {
    int alive = -1;
    {
        QueueTest queue;
        CHECK(queue.transport.alive == 1);
        queue.test.shard.close(queue.test.events.opened.at(0), CloseReason::requested);
        queue.test.settle();
        queue.test.advance(3 * ns_per_s);
        CHECK(queue.transport.alive == 0);
        std::thread{[&] { queue.transport.host->wake(queue.transport.waker); }}.join();
        queue.test.settle();
        CHECK(queue.transport.alive == 1);
        alive = queue.transport.alive;
    }
    CHECK(alive == 1);
}

TEST_CASE("a transport that is taken out leaves nothing behind, and others go on") {
    QueueTest queue;
    REQUIRE(queue.test.shard.listen(queue.test.listener()));
    MemoryClient other = queue.test.connect();
    queue.test.settle();
    queue.test.shard.drop_transport(queue.transport, CloseReason::shutdown);
    queue.test.settle();
    CHECK(queue.test.events.log == std::vector<std::string>{"open", "open", "close shutdown"});
    CHECK(queue.transport.alive == 0);
    CHECK_FALSE(queue.test.shard.listen(queue.test.listener(Framing::gantry, "queue")));
    other.write(frame_bytes(1, "still here"));
    queue.test.settle();
    CHECK(queue.test.events.frames.size() == 1);
    queue.test.shard.stop_listener(1);
    CHECK_FALSE(queue.test.connect());
}

TEST_CASE("a link that opens later is announced then, and one that never does is given up") {
    QueueTest queue;
    ConnectConfig config;
    config.transport = "queue";
    const auto slow = queue.test.shard.connect(config);
    REQUIRE(slow);
    QueueLink* const link = queue.transport.last;
    link->ready = false;
    queue.test.settle();
    CHECK(queue.test.events.opened.size() == 1);
    link->ready = true;
    link->events->writable();
    queue.test.settle();
    CHECK(queue.test.events.opened.back() == *slow);

    const auto never = queue.test.shard.connect(config);
    REQUIRE(never);
    queue.transport.last->ready = false;
    queue.test.settle();
    queue.test.advance(6 * ns_per_s);
    CHECK(queue.test.events.log.back() == "close handshake_timeout");
}
