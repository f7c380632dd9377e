// A worker whose thread is stuck in a world: the others go on with the next thread.
#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;

namespace {

/// What happens while a handler does not return; the handler of signals would come first in it.
std::function<void()> meanwhile;

/// 1 counts, 2 is stuck for a while, 3 makes the next tick stuck, 4 tells how many sessions came,
/// and went: these count a hundred.
class Sticky final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& message) {
            return std::to_string(++count_) + " " + std::string{message.payload.text()};
        });
        on(2, [this](const gantry::Message& message) {
            meanwhile();
            return std::to_string(++count_) + " late " + std::string{message.payload.text()};
        });
        on(3, [this](const gantry::Message&) { due_ = true; });
        system("work", gantry::Stage::update, [this](const gantry::Tick&) {
            if (std::exchange(due_, false)) meanwhile();
        });
        on(4, [this](const gantry::Message&) { return std::to_string(sessions_); });
        on_session([this](gantry::SessionId, gantry::Entity) { ++sessions_; },
                   [this](gantry::SessionId, gantry::Entity) { sessions_ += 100; });
    }
    int count_ = 0;
    int sessions_ = 0;
    bool due_ = false;
};

constexpr gantry::PluginDesc sticky = linked("sticky", "1.0.0", gantry::create<Sticky>);

gantry::manifest::Manifest two_worlds() {
    gantry::manifest::ManifestBuilder manifest;
    manifest.name("stuck").shards(1).workers(1).no_admin();
    manifest.drop("no such folder").incidents({.folder = ""});
    for (const char* name : {"first", "second"}) {
        manifest.listener(name)
            .transport("memory")
            .address(name)
            .port(1)
            .joins(name)
            .payload_bytes_max(256);
        manifest.world(name).plugins({"sticky"});
    }
    return manifest.build();
}

struct Hosted {
    TestHost host{two_worlds(), {.plugins = {&sticky}}};
    gantry::world::Worker& worker = *host.host().rooms().workers.front();

    /// What a next thread of the worker does, from the moment at which this one has let go.
    void by_next_thread(const std::function<void()>& body) {
        CHECK(worker.let_go());
        std::thread next{[&] {
            worker.take_over();
            body();
        }};
        next.join();
    }
};

}  // namespace

TEST_CASE("while a world is stuck in a handler the others of its worker tick, answer and send") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto stuck = host.connect("first");
    auto fellow = host.connect("first");
    auto other = host.connect("second");
    meanwhile = [&] {
        hosted.by_next_thread([&] {
            CHECK(hosted.worker.away().size() == 1);
            const auto ticks = host.world("second").tick_number();
            host.advance_ms(200);
            CHECK(host.world("second").tick_number() == ticks + 4);
            CHECK(other.call(1, "here").text == "1 here");
            CHECK(fellow.call(1, "a").status == gantry::Status::timeout);
            fellow.ask(1, "b");
            host.settle();
            CHECK(fellow.received().empty());
            CHECK(stuck.received().empty());
        });
    };
    CHECK(stuck.call(2, "me").text == "1 late me");
    CHECK(hosted.worker.away().empty());
    // What came meanwhile is handled after it, in order and once.
    const auto answers = fellow.received();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].text == "2 a");
    CHECK(answers[1].text == "3 b");
    CHECK(stuck.received().empty());
    CHECK(stuck.call(1, "c").text == "4 c");
    CHECK(other.call(1, "d").text == "2 d");
    const auto ticks = host.world("first").tick_number();
    host.advance_ms(50);
    CHECK(host.world("first").tick_number() == ticks + 1);
}

TEST_CASE(
    "what came with the message of a stuck handler is handled behind it, before what is newer") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto stuck = host.connect("first");
    auto other = host.connect("second");
    std::vector<Reply> answers;
    meanwhile = [&] {
        hosted.by_next_thread([&] {
            stuck.ask(1, "newer");
            host.settle();
            CHECK(other.call(1, "here").text == "1 here");
            answers = stuck.received();
        });
    };
    stuck.ask(1, "before");
    stuck.ask(2, "");
    stuck.ask(1, "with it");
    stuck.ask(1, "also");
    host.settle();
    host.settle();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].text == "1 before");
    for (Reply& answer : stuck.received()) answers.push_back(std::move(answer));
    REQUIRE(answers.size() == 5);
    CHECK(answers[1].text == "2 late ");
    CHECK(answers[2].text == "3 with it");
    CHECK(answers[3].text == "4 also");
    CHECK(answers[4].text == "5 newer");
}

TEST_CASE(
    "the message of a stuck handler stays as it is, however much its shard brings to others") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto stuck = host.connect("first");
    auto other = host.connect("second");
    const std::string whole(200, 'x');
    int answered = 0;
    meanwhile = [&] {
        hosted.by_next_thread([&] {
            // More than the ring from the shard holds, several times.
            for (int i = 0; i < 20'000; ++i) {
                other.ask(1, whole);
                if (i % 500 != 499) continue;
                host.settle();
                answered += static_cast<int>(other.received().size());
            }
        });
    };
    CHECK(stuck.call(2, whole).text == "1 late " + whole);
    CHECK(answered == 20'000);
    CHECK(stuck.call(1, "still").text == "2 still");
    CHECK(other.call(1, "there").text == "20001 there");
}

TEST_CASE(
    "sessions that come and go while their world is stuck are told to it in order, or never") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto stuck = host.connect("first");
    auto leaves = host.connect("first");
    std::optional<TestClient> comes;
    meanwhile = [&] {
        hosted.by_next_thread([&] {
            leaves.close();
            comes.emplace(host.connect("first"));
            comes->ask(1, "hello");
            auto passes = host.connect("first");
            passes.ask(1, "nobody hears that");
            host.settle();
            passes.close();
            host.settle();
        });
    };
    CHECK(stuck.call(2, "").text == "1 late ");
    const auto answers = comes->received();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].text == "2 hello");
    CHECK(stuck.call(4, "").text == "103");  // three came, one of them went
}

TEST_CASE(
    "a world that is stuck in its own time comes back, too, and two of a worker can be away") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto first = host.connect("first");
    auto second = host.connect("second");
    int depth = 0;
    meanwhile = [&] {
        if (++depth == 2) {
            hosted.by_next_thread([&] {
                CHECK(hosted.worker.away().size() == 2);
                host.advance_ms(100);
            });
            return;
        }
        hosted.by_next_thread([&] {
            CHECK(second.call(2, "both").text == "1 late both");
            CHECK(hosted.worker.away().size() == 1);
        });
    };
    first.send(3, "");
    host.advance_ms(60);
    CHECK(depth == 2);
    CHECK(hosted.worker.away().empty());
    CHECK(first.call(1, "a").text == "1 a");
    CHECK(second.call(1, "b").text == "2 b");
}

TEST_CASE("work for a world that is stuck waits for it") {
    Hosted hosted;
    TestHost& host = hosted.host;
    auto stuck = host.connect("first");
    gantry::plugin::SwapReport report;
    std::uint64_t ticket = 0;
    meanwhile = [&] {
        hosted.by_next_thread([&] {
            const gantry::PluginDesc* next = &sticky;
            ticket = host.host().plugins().swap_linked({&next, 1});
            host.settle();
            CHECK(host.report(ticket).outcome == gantry::plugin::SwapOutcome::running);
        });
    };
    CHECK(stuck.call(2, "").text == "1 late ");
    host.settle();
    CHECK(host.report(ticket).outcome == gantry::plugin::SwapOutcome::committed);
    CHECK(stuck.call(1, "fresh").text == "1 fresh");
}
