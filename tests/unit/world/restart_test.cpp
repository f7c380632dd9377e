// Tasks that are declared so are cancelled where they wait and begun again by whoever serves after
// a swap, a swap that was given up, and a rollback.
#include <doctest/doctest.h>

#include <map>
#include <stdexcept>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::plugin::SwapOutcome;

namespace {

struct Patrols {
    int begun = 0;
    int alive = 0;
    int steps = 0;
};
std::map<std::string, Patrols> patrols;  // "1 north": by version and argument
bool cannot_restore = false;

struct Alive {
    explicit Alive(Patrols& counted) : of{counted} {
        ++of.begun;
        ++of.alive;
    }
    ~Alive() { --of.alive; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    Patrols& of;
};

template <int number, bool knows_patrols = true>
class Guards : public gantry::WorldPlugin {
    void setup() override {
        if constexpr (knows_patrols) {
            on_task("patrol", [this](gantry::Bytes where) -> gantry::Task<> {
                const Alive alive{
                    patrols[std::to_string(number) + " " + std::string{where.text()}]};
                while (true) {
                    co_await walk();
                    ++alive.of.steps;
                }
            });
            on_task("work", [this](gantry::Bytes) -> gantry::Task<> {
                const Alive alive{patrols[std::to_string(number) + " work"]};
                co_await offload([] {});
                co_await after(1h);
            });
        }
        on(1, [this](const gantry::Message& message) { begin_task("patrol", message.payload); });
        on(2, [this](const gantry::Message&) { begin_task("work"); });
        on(3, [](const gantry::Message&) { throw std::runtime_error("on purpose"); });
        on(4, [this](const gantry::Message&) -> gantry::Task<> { co_await after(1h); });
    }
    gantry::Task<> walk() { co_await after(10ms); }
    void restore_state(gantry::StateReader&) override {
        if (cannot_restore) throw std::runtime_error("on purpose");
    }
};

constexpr gantry::PluginDesc one = linked("guards", "1.0.0", gantry::create<Guards<1>>);
constexpr gantry::PluginDesc two = linked("guards", "2.0.0", gantry::create<Guards<2>>);
constexpr gantry::PluginDesc without = linked("guards", "3.0.0", gantry::create<Guards<3, false>>);

struct GuardedHost : TestHost {
    GuardedHost() : TestHost{{.plugins = {&one}}}, client{connect()} {
        patrols.clear();
        client.send(1, "north");
        client.send(1, "south");
        advance_ms(25);
        CHECK(walks("1 north"));
        CHECK(walks("1 south"));
    }
    /// One is under way, and has got on lately.
    bool walks(const std::string& who) {
        const int before = patrols[who].steps;
        advance_ms(25);
        return patrols[who].alive == 1 && patrols[who].steps > before;
    }
    TestClient client;
};

}  // namespace

TEST_CASE("a swap does not wait for declared tasks: they are begun again with their arguments") {
    GuardedHost host;
    const auto report = host.swap(two);
    CHECK(report.outcome == SwapOutcome::committed);
    REQUIRE(report.leftovers.size() == 2);
    for (const std::string& left : report.leftovers) {
        CHECK_MESSAGE(left.ends_with(": begun again by the new version"), left);
    }
    CHECK(host.walks("2 north"));
    CHECK(host.walks("2 south"));
    CHECK(patrols["1 north"].alive == 0);
    CHECK(patrols["1 south"].alive == 0);
    CHECK(patrols["2 north"].begun == 1);
    host.advance_ms(1200);  // its probation
    REQUIRE(host.swap(one).outcome == SwapOutcome::committed);
    CHECK(host.walks("1 north"));
    CHECK(patrols["1 north"].begun == 2);
    CHECK(patrols["2 north"].alive == 0);
}

TEST_CASE("when a swap is given up in the hand-over, the old version has them begun again itself") {
    GuardedHost host;
    cannot_restore = true;
    CHECK(host.swap(two).outcome == SwapOutcome::given_up);
    cannot_restore = false;
    CHECK(host.walks("1 north"));
    CHECK(host.walks("1 south"));
    CHECK(patrols["1 north"].begun == 2);
    CHECK(patrols["2 north"].begun == 0);
}

TEST_CASE("after a rollback they are begun again by the old version, also those of the new one") {
    GuardedHost host;
    const auto report = host.swap(two);
    REQUIRE(report.outcome == SwapOutcome::committed);
    host.client.send(1, "west");
    CHECK(host.walks("2 west"));
    for (int i = 0; i < 3; ++i) host.client.send(3, "");
    host.settle();
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    for (const char* where : {"north", "south", "west"}) {
        CAPTURE(std::string{where});
        CHECK(host.walks(std::string{"1 "} + where));
        CHECK(patrols[std::string{"2 "} + where].alive == 0);
    }
}

TEST_CASE("work on the pool is waited for, other tasks keep a swap, and those begun again do not") {
    GuardedHost host;
    host.client.send(2, "");
    host.settle();
    CHECK(patrols["1 work"].alive == 1);
    host.client.send(4, "");
    host.settle();
    const auto kept = host.swap(two);
    CHECK(kept.outcome == SwapOutcome::running);
    host.advance_ms(3000);
    const auto report = host.report(kept.ticket);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("was not idle") != std::string::npos);
    CHECK(host.walks("1 north"));  // it was never cancelled
    CHECK(patrols["1 north"].begun == 1);
}

TEST_CASE(
    "a version that does not know a task that is to be begun again is told of in the counters") {
    GuardedHost host;
    CHECK(host.swap(without).outcome == SwapOutcome::committed);
    host.advance_ms(10);
    CHECK(host.world().counters().timers_without_handler == 2);
    CHECK(patrols["1 north"].alive == 0);
}
