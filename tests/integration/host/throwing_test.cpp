// A plugin that throws out of each of its callbacks: it stays in, is blamed by generation and
// callback, and the others of its world go on. Once the admin and the metrics told of a failure
// only after the next swap.
#include <doctest/doctest.h>

#include <array>
#include <set>
#include <stdexcept>

#include "gantry/gantry.h"
#include "host/core/log.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;

namespace {

std::string_view place;  // where it throws
void throw_at(std::string_view name) {
    if (place == name) throw std::runtime_error{"on purpose"};
}

class Throwing final : public WorldPlugin {
    void setup() override {
        on(1, [](const Message&) { throw_at("message 1"); });
        on(2, [this](const Message&) -> Task<std::string> {
            co_await after(1ms);
            throw_at("task");
            co_return "";
        });
        on(3, [this](const Message&) {
            every(1ms, [](const TimerFire&) { throw_at("every"); });
            timer("key", "named timer", 1ms);
            emit("event");
            call("throwing.service", "method", {}, 1s, [](Status, Bytes) { throw_at("answer"); });
        });
        on_session([](SessionId, Entity) { throw_at("session opened"); },
                   [](SessionId, Entity) { throw_at("session closed"); });
        on_timer("named timer", [](const TimerFire&) { throw_at("named timer"); });
        subscribe("event", [](Bytes) { throw_at("event"); });
        serve("throwing.service", [](Str, Bytes) {
            throw_at("service");
            return std::string{};
        });
        for (const char* stage : {"receive", "update", "send", "cleanup"}) {
            system(stage, static_cast<Stage>(stages_++), [stage](const Tick&) { throw_at(stage); });
        }
    }
    void begin(bool) override { throw_at("begin"); }
    void save_state(StateWriter&) override { throw_at("save_state"); }
    void restore_state(StateReader&) override { throw_at("restore_state"); }
    void draining(std::uint32_t) override { throw_at("drain"); }
    void resumed() override { throw_at("resume"); }
    void teardown() override { throw_at("teardown"); }
    bool is_idle() noexcept override { return place != "resume"; }
    int stages_ = 0;
};

class Neighbour final : public WorldPlugin {
    void setup() override {
        on(9, [this](const Message&) { return std::to_string(ticks_); });
        system("count", Stage::update, [this](const Tick&) { ++ticks_; });
    }
    int ticks_ = 0;
};

constexpr PluginDesc one = linked("throwing", "1.0.0", create<Throwing>);
constexpr PluginDesc two = linked("throwing", "2.0.0", create<Throwing>);
constexpr PluginDesc neighbour = linked("neighbour", "1.0.0", create<Neighbour>);

const std::set<std::string_view> of_others{"drain", "restore_state", "teardown"};

}  // namespace

TEST_CASE("what a plugin throws stays in, and names its generation and callback") {
    log::set_level(log::Level::off);
    for (const char* where :
         {"message 1", "task", "every", "named timer", "event", "service", "answer",
          "session opened", "session closed", "receive", "update", "send", "cleanup", "begin",
          "save_state", "restore_state", "drain", "resume", "teardown"}) {
        CAPTURE(std::string{where});
        TestHost host{{.plugins = {&one, &neighbour}, .probation_ms = 0}};
        auto player = host.connect();
        auto other = host.connect();
        place = where;
        std::string seen;
        const auto look = [&] {
            for (const auto& status : host.host().plugins().snapshot().plugins) {
                if (!status.error.empty()) seen = status.error;
            }
        };
        for (std::uint16_t id = 1; id <= 3; ++id) player.send(id, "");
        {
            auto guest = host.connect();
            guest.close();
        }
        host.advance_ms(100);
        look();
        const std::uint64_t ticket = host.host().plugins().swap_linked(std::array{&two});
        for (int i = 0; i < 30; ++i) {
            host.advance_ms(100);
            look();
        }
        CHECK(host.report(ticket).outcome != plugin::SwapOutcome::running);
        place = "";
        const int before = std::atoi(other.call(9, "").text.c_str());
        host.advance_ms(100);
        CHECK(std::atoi(other.call(9, "").text.c_str()) == before + 2);
        CHECK_FALSE(player.closed_by_host());
        CHECK_FALSE(other.closed_by_host());
        // A failure of a generation that serves no longer, or never does: the log alone tells of
        // it, and the swap's report.
        if (of_others.count(where) > 0) continue;
        CHECK_MESSAGE(seen.find(std::string{"failed in "} + where) != std::string::npos, seen);
        CHECK(seen.find("throwing@") == 0);
    }
    log::set_level(log::Level::info);
}
