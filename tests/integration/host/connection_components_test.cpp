// What io plugins keep on connections: laid out anew by a swap, back by a rollback, under messages,
// and gone with the connection.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

#include "gantry/gantry.h"
#include "host/core/log.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t count_id = 1, rows_id = 2, throw_id = 3, drop_id = 4;

namespace v1 {
struct Tally {
    std::uint32_t count = 0;
    std::uint32_t seed = 0;  ///< the first payload; version 2 has none
};
GANTRY_COMPONENT_AS("test.tally", Tally, 1, GANTRY_FIELD(count), GANTRY_FIELD(seed))
}  // namespace v1

namespace v2 {
struct Tally {
    std::uint32_t limit = 100;
    std::uint32_t asked = 0;
    std::uint32_t twice = 0;
    static void up(const OldRow& old, Tally& now) noexcept {
        now.twice = 2 * old.get<std::uint32_t>("count");
    }
};
GANTRY_COMPONENT_AS("test.tally", Tally, 2, GANTRY_FIELD(limit),
                    GANTRY_FIELD(asked, .was = "count"), GANTRY_FIELD(twice, .converted = true))
}  // namespace v2

namespace v3 {
struct Tally {
    std::uint8_t count = 0;
    std::uint32_t seed = 0;
};
GANTRY_COMPONENT_AS("test.tally", Tally, 3, GANTRY_FIELD(count), GANTRY_FIELD(seed))
}  // namespace v3

struct Large {
    std::array<std::uint64_t, 600> words{};
};
GANTRY_COMPONENT_AS("test.large", Large, 1, GANTRY_FIELD(words))

std::uint32_t seen_at_close = 0;

template <class T>
class Tallies : public IoPlugin {
protected:
    void setup() override {
        tally_ = connections().template use<T>();
        route(count_id, [this](const IoMessage& message) { return count(message); });
        route(rows_id, [this](const IoMessage&) {
            std::uint32_t rows = 0;
            tally_.each([&](SessionId, T&) { ++rows; });
            return say(std::to_string(rows));
        });
        route(throw_id, [](const IoMessage&) { throw std::runtime_error{"on purpose"}; });
        route(drop_id, [this](const IoMessage& message) {
            const bool had = tally_.remove(message.session);
            return say(had && tally_.get(message.session) == nullptr ? "dropped" : "none");
        });
        on_session_events(session_kinds::closed, [this](const SessionEvent& event) {
            if (const T* const tally = tally_.get(event.session)) seen_at_close = number(*tally);
            closed_ = event.session;
        });
        on_session_events(session_kinds::established, [this](const SessionEvent&) {
            if (closed_) CHECK(tally_.ensure(closed_) == nullptr);  // its slot is used again
        });
    }
    Bytes say(std::string text) {
        said_ = std::move(text);
        return Bytes{std::string_view{said_}};
    }

private:
    virtual Bytes count(const IoMessage& message) = 0;
    static std::uint32_t number(const v1::Tally& tally) { return tally.count; }
    static std::uint32_t number(const v2::Tally& tally) { return tally.asked; }
    static std::uint32_t number(const v3::Tally& tally) { return tally.count; }

protected:
    ConnectionComponent<T> tally_;
    SessionId closed_;
    std::string said_;
};

class First final : public Tallies<v1::Tally> {
    Bytes count(const IoMessage& message) override {
        v1::Tally& tally = *tally_.ensure(message.session);
        if (tally.count++ == 0) {
            tally.seed =
                static_cast<std::uint32_t>(std::stoul(std::string{message.payload.text()}));
        }
        return say(std::to_string(tally.count) + " seed " + std::to_string(tally.seed));
    }
};
class Second final : public Tallies<v2::Tally> {
    Bytes count(const IoMessage& message) override {
        v2::Tally& tally = *tally_.ensure(message.session);
        ++tally.asked;
        return say(std::to_string(tally.asked) + " of " + std::to_string(tally.limit) + " after " +
                   std::to_string(tally.twice));
    }
};
class Third final : public Tallies<v3::Tally> {
    Bytes count(const IoMessage&) override { return say("never"); }
};
class TooLarge final : public IoPlugin {
    void setup() override { connections().use<Large>(); }
};

constexpr PluginDesc first = linked("tally", "1.0.0", nullptr, create<First>);
constexpr PluginDesc second = linked("tally", "2.0.0", nullptr, create<Second>);
constexpr PluginDesc third = linked("tally", "3.0.0", nullptr, create<Third>);
constexpr PluginDesc too_large = linked("tally", "4.0.0", nullptr, create<TooLarge>);

/// Asks that are on their way, to be answered by whichever version serves when they arrive.
void ask_all(std::vector<TestClient>& clients, int times) {
    for (int i = 0; i < times; ++i) {
        for (std::size_t c = 0; c < clients.size(); ++c) {
            clients[c].ask(count_id, std::to_string(7000 + c));
        }
    }
}

/// The answers of each count on from `before`, none lost, none doubled; the last ones.
std::vector<std::string> counted(TestHost& host, std::vector<TestClient>& clients,
                                 std::uint32_t before, int times) {
    host.settle();
    std::vector<std::string> last;
    for (TestClient& client : clients) {
        const auto replies = client.received();
        REQUIRE(replies.size() == static_cast<std::size_t>(times));
        for (std::uint32_t i = 0; i < replies.size(); ++i) {
            const std::string number = std::to_string(before + 1 + i) + " ";
            CHECK(replies[i].text.starts_with(number));
        }
        last.push_back(replies.back().text);
    }
    return last;
}

std::size_t rows_in(TestHost& host) {
    std::size_t rows = 0;
    for (session::IoRoom* const shard : host.host().rooms().shards) {
        rows += shard->columns().world().stats().entities;
    }
    return rows;
}

}  // namespace

TEST_CASE("components of connections are laid out anew by a swap, and come back with a rollback") {
    TestHost host{{.plugins = {&first}, .shards = 2}};
    std::vector<TestClient> clients;
    for (int i = 0; i < 8; ++i) clients.push_back(host.connect());
    ask_all(clients, 3);
    auto last = counted(host, clients, 0, 3);
    CHECK(last[5] == "3 seed 7005");

    ask_all(clients, 2);
    const auto report = host.swap(second);
    REQUIRE(report.outcome == SwapOutcome::committed);
    CHECK(report.changes.size() == 3);  // of two shards, and the version
    CHECK(std::any_of(report.steps.begin(), report.steps.end(),
                      [](const auto& step) { return step.name == "shard"; }));
    ask_all(clients, 2);
    last = counted(host, clients, 3, 4);
    for (const std::string& text : last) CHECK(text.starts_with("7 of 100 after "));

    auto late = host.connect();
    CHECK(late.call(count_id, "1").text == "1 of 100 after 0");
    ask_all(clients, 2);
    for (int i = 0; i < 3; ++i) late.send(throw_id, "");
    host.settle();
    REQUIRE(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    ask_all(clients, 1);
    last = counted(host, clients, 7, 3);
    for (std::size_t c = 0; c < clients.size(); ++c) {
        CHECK(last[c] == "10 seed " + std::to_string(7000 + c));
        CHECK_FALSE(clients[c].closed_by_host());
    }
    CHECK(late.call(count_id, "9").text == "2 seed 0");

    REQUIRE(host.swap(second).outcome == SwapOutcome::committed);
    CHECK(clients[0].call(count_id, "").text == "11 of 100 after 20");
}

TEST_CASE("what is on a connection goes with it, once those who follow it were told") {
    TestHost host{{.plugins = {&first}}};
    auto stays = host.connect();
    auto goes = host.connect();
    auto idle = host.connect();
    CHECK(stays.call(count_id, "1").text == "1 seed 1");
    CHECK(goes.call(count_id, "2").text == "1 seed 2");
    CHECK(goes.call(count_id, "2").text == "2 seed 2");
    CHECK(stays.call(rows_id, "").text == "2");
    CHECK(rows_in(host) == 2);  // who has nothing takes no row

    seen_at_close = 0;
    goes.close();
    host.settle();
    CHECK(seen_at_close == 2);
    CHECK(stays.call(rows_id, "").text == "1");
    CHECK(rows_in(host) == 1);
    auto next = host.connect();
    CHECK(next.call(count_id, "3").text == "1 seed 3");
    CHECK(stays.call(count_id, "").text == "2 seed 1");

    CHECK(stays.call(drop_id, "").text == "dropped");
    CHECK(stays.call(drop_id, "").text == "none");
    CHECK(stays.call(rows_id, "").text == "1");
}

TEST_CASE(
    "a layout that cannot come out of the present one is refused, and the old version goes on") {
    TestHost host{{.plugins = {&first}}};
    auto client = host.connect();
    CHECK(client.call(count_id, "5").text == "1 seed 5");
    const auto report = host.swap(third);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("test.tally") != std::string::npos);
    CHECK(report.reason.find("count") != std::string::npos);
    CHECK(client.call(count_id, "").text == "2 seed 5");
}

TEST_CASE("a component of more bytes than a connection may take is refused") {
    log::set_level(log::Level::off);
    TestHost host{{.plugins = {&first}}};
    const auto report = host.swap(too_large);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("refused to start on a shard (limit)") != std::string::npos);
    auto client = host.connect();
    CHECK(client.call(count_id, "5").text == "1 seed 5");
}
