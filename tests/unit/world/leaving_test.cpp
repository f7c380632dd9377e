// What a version still has under way when a swap does not wait for it any longer, or when it is
// taken out. The client of a handler whose work was on the pool was never answered then: its task
// was passed over, and found nobody when the work came back; its frame leaked. And of what was
// dropped the report named only some, and never what became of it.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::Status;
using gantry::plugin::SwapOutcome;

namespace {

int frames = 0;
int objects = 0;
int worked = 0;
int answers = 0;

struct Frame {
    Frame() { ++frames; }
    ~Frame() { --frames; }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
};

/// 1 waits for the pool, 2 for an hour, 3 sets private timers.
class Works : public gantry::WorldPlugin {
public:
    Works() { ++objects; }
    ~Works() override { --objects; }

protected:
    void setup() override {
        on(1, [this](const gantry::Message&) -> gantry::Task<std::string> {
            const Frame frame;
            co_await offload([] { ++worked; });
            co_return "worked";
        });
        on(2, [this](const gantry::Message&) -> gantry::Task<std::string> {
            const Frame frame;
            co_await after(1h);
            co_return "late";
        });
        on(3, [this](const gantry::Message&) {
            for (int i = 0; i < 3; ++i)
                every(
                    1h, [](const gantry::TimerFire&) {}, "wave");
        });
        on(5, [](const gantry::Message&) { return std::string{"here"}; });
    }
};
/// Begins to work as soon as it is made.
class Eager final : public Works {
    void setup() override {
        Works::setup();
        spawn("fetch", fetch());
    }
    gantry::Task<> fetch() {
        co_await offload([] { ++worked; });
        ++answers;
    }
};

constexpr gantry::PluginDesc one = linked("works", "1.0.0", gantry::create<Works>);
constexpr gantry::PluginDesc two = linked("works", "2.0.0", gantry::create<Works>);
constexpr gantry::PluginDesc eager = linked("works", "3.0.0", gantry::create<Eager>);

gantry::manifest::Manifest manifest_of(gantry::manifest::AtDeadline at_deadline) {
    gantry::manifest::ManifestBuilder manifest;
    manifest.name("test").shards(1).workers(1).no_admin();
    manifest.drop("no such folder").incidents({.folder = ""});
    manifest.listener("memory").transport("memory").address("memory").port(1).idle(0ms).joins(
        "world");
    manifest.plugin("works").drain(20ms).hold(10ms).at_deadline(at_deadline).probation(100ms);
    manifest.world("world").plugins({"works"});
    return manifest.build();
}

constexpr auto cancel = gantry::manifest::AtDeadline::cancel;
constexpr auto give_up = gantry::manifest::AtDeadline::give_up;

struct Working : TestHost {
    explicit Working(gantry::manifest::AtDeadline at_deadline)
        : TestHost{manifest_of(at_deadline), {.plugins = {&one}}}, client{connect()} {
        frames = worked = answers = 0;
        objects = 1;
    }
    /// The pool gets no turn.
    void pass_ms(int ms) {
        for (int i = 0; i <= ms; ++i) {
            for (int turn = 0; turn < 32; ++turn) (void)host().poll(clock().now());
            if (i < ms) clock().advance(gantry::ns_per_ms);
        }
    }
    gantry::plugin::SwapReport swap_meanwhile(const gantry::PluginDesc& next) {
        pass_ms(0);  // what was sent has arrived
        const std::uint64_t ticket = host().plugins().swap_linked(std::array{&next});
        pass_ms(40);
        return report(ticket);
    }
    void check_cancelled(std::uint32_t correlation) {
        const auto replies = client.received();
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].correlation == correlation);
        CHECK(replies[0].status == Status::unavailable);
        CHECK_MESSAGE(replies[0].text.find(" of works@1.0.0#1: cancelled") != std::string::npos,
                      replies[0].text);
    }
    TestClient client;
};

bool names(const std::vector<std::string>& list, const std::string& what,
           const std::string& became) {
    for (const std::string& line : list) {
        if (line.starts_with("works@1.0.0#1: ") && line.find(what) != std::string::npos &&
            line.ends_with(": " + became)) {
            return true;
        }
    }
    for (const std::string& line : list) MESSAGE(line);
    return false;
}

std::string held(TestHost& host) {
    std::string text;
    for (const auto& holding : gantry::world::holdings(host.world())) {
        for (const std::string& what : holding.what) text += holding.label + " " + what + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("work on the pool that a swap does not wait for: its request is answered at once") {
    Working host{cancel};
    const auto asked = host.client.ask(1, "");
    host.pass_ms(0);
    REQUIRE(frames == 1);
    const auto report = host.swap_meanwhile(two);
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    host.check_cancelled(asked);
    CHECK(names(report.leftovers,
                "leaving_test.cpp:", "cancelled, its frame stays until that has ended"));

    SUBCASE("and its frame goes when the work comes back") {
        CHECK(frames == 1);
        host.settle();
    }
    SUBCASE("and the old version stays until then, also after the probation") {
        host.pass_ms(150);
        CHECK(objects == 2);
        CHECK(frames == 1);
        CHECK(held(host).find("works@1.0.0#1 leaves world world") != std::string::npos);
        host.settle();
        CHECK(objects == 1);
    }
    SUBCASE("also when the old version serves again meanwhile") {
        CHECK(host.world().roll_back("works", "on purpose"));
        host.settle();
        CHECK(host.client.call(1, "").text == "worked");
    }
    CHECK(frames == 0);
    CHECK(worked >= 1);
    CHECK(host.client.received().empty());
}

TEST_CASE("work on the pool of a plugin that is removed: its request is answered at once") {
    Working host{cancel};
    const auto asked = host.client.ask(1, "");
    host.pass_ms(0);
    REQUIRE(host.world().remove("works").has_value());
    host.pass_ms(5);
    host.check_cancelled(asked);
    CHECK(objects == 1);
    CHECK(frames == 1);
    host.settle();
    CHECK(worked == 1);
    CHECK(frames == 0);
    CHECK(objects == 0);
}

TEST_CASE("work on the pool that a host ends with leaks nothing") {
    {
        Working host{cancel};
        host.client.ask(1, "");
        host.pass_ms(0);
        CHECK(frames == 1);
    }
    CHECK(frames == 0);
    CHECK(objects == 0);
}

TEST_CASE("at its deadline a swap cancels the tasks it waited for, and its report names each") {
    Working host{cancel};
    const auto asked = host.client.ask(2, "");
    host.client.send(3, "");
    const auto report = host.swap_meanwhile(two);
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    host.check_cancelled(asked);
    CHECK(frames == 0);
    CHECK(names(report.leftovers, "leaving_test.cpp:", "cancelled"));
    CHECK(names(report.leftovers, "private timer wave (3 of them)", "ends with this version"));
    CHECK(host.client.call(5, "").text == "here");
}

TEST_CASE("or it is given up, and the report says for which task, and where that waits") {
    Working host{give_up};
    host.client.ask(2, "");
    host.client.send(3, "");
    const auto report = host.swap_meanwhile(two);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(names(report.leftovers, "leaving_test.cpp:", "the swap was given up for it"));
    CHECK(report.leftovers.size() == 1);  // the timers go on
    CHECK(frames == 1);
    CHECK(host.client.received().empty());
}

// It found nobody who served, and neither went on nor ever ended: no later swap found it idle.
TEST_CASE("a task that a version begins before it serves goes on when it does") {
    Working host{cancel};
    host.client.ask(2, "");
    host.pass_ms(0);
    const auto ticket = host.host().plugins().swap_linked(std::array{&eager});
    host.pass_ms(0);
    host.settle();
    CHECK(worked == 1);
    CHECK(answers == 0);
    host.advance_ms(40);
    CHECK(host.report(ticket).outcome == SwapOutcome::committed);
    CHECK(answers == 1);
    host.advance_ms(150);
    CHECK(host.swap(one).leftovers.empty());
}
