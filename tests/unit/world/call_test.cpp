// co_await call(...): a task that waits for the answer of a service in another room.
#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gantry/gantry.h"
#include "host/testing/test_host.h"
#include "host/world/holdings.h"
#include "tests/support/linked_plugin.h"

using namespace gantry::test;
using namespace std::chrono_literals;
using gantry::Status;

namespace {

/// Runs once, while the service works and the task of who asked waits.
std::function<void()> meanwhile;
int answers_heard = 0;

/// Asks what it is asked, of 1 an existing service, of 2 none, of 3 with no time at all.
class Asks final : public gantry::WorldPlugin {
    void setup() override {
        on(1, [this](const gantry::Message& m) {
            return ask("desk/1", std::string{m.payload.text()}, 1s);
        });
        on(2, [this](const gantry::Message& m) {
            return ask("nobody/1", std::string{m.payload.text()}, 1s);
        });
        on(3, [this](const gantry::Message& m) {
            return ask("desk/1", std::string{m.payload.text()}, 0s);
        });
        on(4, [this](const gantry::Message& m) -> gantry::Task<std::string> {
            const std::string outer = co_await ask("desk/1", std::string{m.payload.text()}, 1s);
            co_return outer + "+" + co_await call("desk/1", "say", std::string_view{"again"}, 1s);
        });
    }
    gantry::Task<std::string> ask(std::string service, std::string method,
                                  std::chrono::seconds deadline) {
        const std::string answer =
            co_await call(service, method, std::string_view{"word"}, deadline);
        ++answers_heard;
        co_return answer;
    }
};

class Desk final : public gantry::HostPlugin {
    void setup() override {
        serve("desk/1", [](gantry::Str method, gantry::Bytes request) {
            if (auto now = std::exchange(meanwhile, {})) now();
            if (method.view() == "refuse") {
                throw gantry::HandlerError{Status::refused, "the desk is closed"};
            }
            if (method.view() == "throw") throw std::runtime_error{"its private trouble"};
            return std::string{method.view()} + "(" + std::string{request.text()} + ")";
        });
    }
};

constexpr gantry::PluginDesc asks = linked("asks", "1.0.0", gantry::create<Asks>);
constexpr gantry::PluginDesc asks2 = linked("asks", "2.0.0", gantry::create<Asks>);
constexpr gantry::PluginDesc desk = linked("desk", "1.0.0", nullptr, nullptr, gantry::create<Desk>);

struct Asked {
    Asked() { answers_heard = 0; }
    Reply of(std::uint16_t id, std::string_view method) { return client.call(id, method); }

    TestHost host{{.plugins = {&desk, &asks}}};
    TestClient client = host.connect();
};

}  // namespace

TEST_CASE("a task goes on with the bytes that the service answered") {
    Asked asked;
    CHECK(asked.of(1, "say").text == "say(word)");
    CHECK(asked.of(4, "say").text == "say(word)+say(again)");
    CHECK(answers_heard == 2);
}

TEST_CASE("what is no answer is thrown, and answers the request that waits") {
    Asked asked;
    struct Expected {
        std::uint16_t id;
        std::string method;
        Status status;
        std::string sentence;
    };
    for (const auto& expected :
         {Expected{1, "refuse", Status::refused, "the desk is closed"},
          Expected{1, "throw", Status::internal, ""},
          Expected{2, "say", Status::not_found, "nobody/1 gave no answer: not_found"},
          Expected{3, "say", Status::timeout, "desk/1 gave no answer: timeout"}}) {
        const Reply reply = asked.of(expected.id, expected.method);
        CHECK_MESSAGE(reply.status == expected.status, expected.method);
        CHECK_MESSAGE(reply.text.find(expected.sentence) != std::string::npos, reply.text);
        CHECK(reply.text.find("private") == std::string::npos);
    }
    CHECK(answers_heard == 0);
    CHECK(asked.of(1, "say").text == "say(word)");
}

TEST_CASE("a task that waits for an answer is on the ledger, with its place in the source") {
    Asked asked;
    std::string who;
    meanwhile = [&] {
        for (const auto& holding : gantry::world::holdings(asked.host.world())) {
            for (const std::string& what : holding.what) who += what + "\n";
        }
    };
    CHECK(asked.of(1, "say").text == "say(word)");
    CHECK_MESSAGE(who.find("call_test.cpp:") != std::string::npos, who);
}

TEST_CASE("a task that is dropped while it waits is answered for once, and hears nothing more") {
    Asked asked;
    std::string version = "1.0.0#1";
    SUBCASE("because its plugin is removed") {
        meanwhile = [&] { REQUIRE(asked.host.world().remove("asks")); };
    }
    SUBCASE("because its version goes back in its probation") {
        CHECK(asked.host.swap(asks2).outcome == gantry::plugin::SwapOutcome::committed);
        version = "2.0.0#2";
        meanwhile = [&] { CHECK(asked.host.world().roll_back("asks", "on purpose")); };
    }
    const Reply reply = asked.of(1, "say");
    CHECK(reply.status == Status::unavailable);
    CHECK(reply.text.find("of asks@" + version + ": cancelled") != std::string::npos);
    CHECK(asked.client.received().empty());
    CHECK(answers_heard == 0);
}

TEST_CASE("a swap waits until the answer has come, and the task ends in its own version") {
    Asked asked;
    std::uint64_t ticket = 0;
    meanwhile = [&] { ticket = asked.host.host().plugins().swap_linked(std::array{&asks2}); };
    CHECK(asked.of(1, "say").text == "say(word)");
    CHECK(answers_heard == 1);
    CHECK(asked.host.report(ticket).outcome == gantry::plugin::SwapOutcome::committed);
}
