// ByteRing against a list: records of random sizes, pushed, grown and published as it comes.
#include <doctest/doctest.h>

#include <cstring>
#include <deque>
#include <string>
#include <thread>

#include "host/core/random.h"
#include "host/core/ring.h"
#include "host/testing/seed.h"

using namespace gantry;
using core::ByteRing;

namespace {

struct Expected {
    std::uint32_t kind = 0;
    std::string body;
};

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Driver {
public:
    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            switch (random_.below(8)) {
                case 0:
                    publish();
                    break;
                case 1:
                    read(random_.below(6));
                    break;
                case 2:
                case 3:
                    push();
                    break;
                default:
                    grow();
            }
        }
        publish();
        read(published_.size());
        CHECK(ring_.empty());
        CHECK(grown_ > 0);
    }

private:
    std::string some_bytes() {
        std::string bytes(1 + random_.below(200), '\0');
        for (char& c : bytes) c = static_cast<char>('a' + random_.below(26));
        return bytes;
    }
    void push() {
        const auto kind = static_cast<std::uint32_t>(1 + random_.below(3));
        const std::string body = some_bytes();
        const bool fits = ring_.fits(body.size());
        const auto room = ring_.push(kind, body.size());
        if (room.empty()) {
            CHECK(!fits);
            return;
        }
        std::memcpy(room.data(), body.data(), body.size());
        pushed_.push_back({kind, body});
    }
    void grow() {
        const auto kind = static_cast<std::uint32_t>(1 + random_.below(3));
        const bool is_last = !pushed_.empty() && pushed_.back().kind == kind;
        const std::byte* const last = ring_.last(kind);
        REQUIRE((last != nullptr) == is_last);
        if (!is_last) return;
        const std::string more = some_bytes();
        std::byte* const room = ring_.grow_last(more.size());
        if (room == nullptr) return;
        std::string& body = pushed_.back().body;
        CHECK(room == last + body.size());
        std::memcpy(room, more.data(), more.size());
        body += more;
        CHECK(body.size() <= ring_.body_bytes_max());
        ++grown_;
    }
    void publish() {
        CHECK(ring_.publish() == !pushed_.empty());
        published_.insert(published_.end(), pushed_.begin(), pushed_.end());
        pushed_.clear();
    }
    void read(std::size_t count) {
        for (; count > 0; --count) {
            const auto record = ring_.next();
            REQUIRE(record.has_value() == !published_.empty());
            if (!record) break;
            CHECK(record->kind == published_.front().kind);
            CHECK(text_of(record->body) == published_.front().body);
            published_.pop_front();
        }
        if (random_.below(2) == 0) ring_.release();
    }

    core::Random random_{test::seed()};
    ByteRing ring_{4096};
    std::deque<Expected> pushed_;
    std::deque<Expected> published_;
    int grown_ = 0;
};

}  // namespace

TEST_CASE("what is pushed and grown comes out as it was, in order") { Driver{}.run(20'000); }

TEST_CASE("nothing is at hand to grow before the first record and after publish()") {
    ByteRing ring{4096};
    CHECK(ring.last(1) == nullptr);
    REQUIRE(!ring.push(1, 16).empty());
    CHECK(ring.last(1) != nullptr);
    CHECK(ring.last(2) == nullptr);
    ring.publish();
    CHECK(ring.last(1) == nullptr);
}

TEST_CASE("a record grows to a quarter of the ring, and not into what the consumer still reads") {
    ByteRing ring{4096};
    REQUIRE(!ring.push(1, 8).empty());
    CHECK(ring.grow_last(1016) != nullptr);
    CHECK(ring.grow_last(1) == nullptr);
    for (int i = 0; i < 2; ++i) REQUIRE(!ring.push(2, 1000).empty());
    REQUIRE(!ring.push(3, 500).empty());
    ring.publish();
    CHECK(ring.next()->body.size() == 1024);
    REQUIRE(!ring.push(4, 400).empty());  // to the end of the ring, nearly
    CHECK(ring.grow_last(400) == nullptr);
    ring.release();
    CHECK(ring.grow_last(400) == nullptr);  // it would have to go around the end
    REQUIRE(!ring.push(5, 400).empty());
    CHECK(ring.grow_last(400) != nullptr);
    CHECK(ring.grow_last(400) == nullptr);  // there the second begins, which was not read
}

TEST_CASE("one thread pushes and grows while another reads") {
    constexpr std::uint32_t numbers = 200'000;
    ByteRing ring{8192};
    std::thread producer{[&] {
        core::Random random{test::seed()};
        for (std::uint32_t number = 0; number < numbers;) {
            std::byte* room = ring.last(1) != nullptr ? ring.grow_last(sizeof number) : nullptr;
            if (room == nullptr) room = ring.push(1, sizeof number).data();
            if (room != nullptr) {
                std::memcpy(room, &number, sizeof number);
                ++number;
            }
            if (room == nullptr || random.below(8) == 0) ring.publish();
            if (room == nullptr) std::this_thread::yield();
        }
        ring.publish();
    }};
    std::uint32_t next = 0;
    while (next < numbers) {
        while (const auto record = ring.next()) {
            for (std::size_t at = 0; at < record->body.size(); at += sizeof next) {
                std::uint32_t number = 0;
                std::memcpy(&number, record->body.data() + at, sizeof number);
                REQUIRE(number == next++);
            }
        }
        if (!ring.release()) std::this_thread::yield();
    }
    producer.join();
}
