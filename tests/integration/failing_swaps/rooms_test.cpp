// Swaps that fail on a shard or in the service when the worlds, and perhaps other shards, have
// committed already: all go back, say why, and every message counts once. GANTRY_ATTEMPTS makes a
// long run.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

#include "host/testing/seed.h"
#include "tests/support/attempts.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/played.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t desk_id = 20, shard_id = 21;

struct Passed {
    std::uint64_t messages = 0;
};
GANTRY_COMPONENT_AS("failing.passed", Passed, 1, GANTRY_FIELD(messages))
namespace narrowed {
struct Passed {
    std::uint16_t messages = 0;
};
GANTRY_COMPONENT_AS("failing.passed", Passed, 2, GANTRY_FIELD(messages))
}  // namespace narrowed

/// Who serves in the other rooms is asked from here.
template <class Body>
class Rules : public SwapRules<Body> {
    void setup() override {
        SwapRules<Body>::setup();
        this->on(desk_id, [this](const Message&) -> Task<std::string> {
            co_return co_await this->call("desk/1", "open", Bytes{}, 1h);
        });
    }
};

template <bool next>
class Shard : public IoPlugin {
    bool fails(std::string_view where) const {
        return next && at(where) && (!only_last || self().shard == 1);
    }
    void setup() override {
        if (fails("shard setup refuses")) return refuse("on purpose");
        if (fails("shard setup throws")) throw std::runtime_error{"on purpose"};
        if (fails("a connection's field is narrowed")) {
            (void)connections().template use<narrowed::Passed>();
        } else {
            passed_ = connections().template use<Passed>();
        }
        if (!fails("a layer of a listener is missing")) {
            layer("count", [this](IoMessage& message) {
                if (Passed* const passed = passed_.ensure(message.session)) ++passed->messages;
                return Verdict::pass;
            });
        }
        route(shard_id, [](const IoMessage&) { return Bytes{std::string_view{"shard"}}; });
        if (fails("a shard's route is claimed twice")) route(shard_id, [](const IoMessage&) {});
        if (fails("a shard takes a route of another")) route(99, [](const IoMessage&) {});
    }
    void save_state(StateWriter&) override {
        if (!next && at("shard save throws")) throw std::runtime_error{"on purpose"};
    }
    void restore_state(StateReader&) override {
        if (fails("shard restore throws")) throw std::runtime_error{"on purpose"};
    }
    ConnectionComponent<Passed> passed_;

public:
    static inline bool only_last = false;  ///< the shard before it takes over
};

template <bool next>
class Desk final : public HostPlugin {
    void setup() override {
        if (next && at("service setup refuses")) return refuse("on purpose");
        if (next) throw_at("service setup throws");
        serve("desk/1", [this](Str, Bytes) { return std::to_string(++served_); });
    }
    void save_state(StateWriter& writer) override {
        if (!next) throw_at("service save throws");
        const std::string text = std::to_string(served_);
        writer.put("served", Bytes{std::string_view{text}});
    }
    void restore_state(StateReader& reader) override {
        if (next) throw_at("service restore throws");
        served_ = std::atoi(std::string{reader.get("served").text()}.c_str());
    }
    int served_ = 0;
};

class Owner final : public IoPlugin {
    void setup() override {
        route(99, [](const IoMessage&) {});
    }
};

Plugin* make_nothing() noexcept { return nullptr; }

using Old = Rules<v1::Body>;
using New = Rules<v2::Body>;
constexpr PluginDesc owner = linked("owner", "1.0.0", nullptr, create<Owner>);
constexpr PluginDesc one =
    linked("rules", "1.0.0", create<Old>, create<Shard<false>>, create<Desk<false>>);
constexpr PluginDesc two =
    linked("rules", "2.0.0", create<New>, create<Shard<true>>, create<Desk<true>>);
constexpr PluginDesc no_shard =
    linked("rules", "2.0.0", create<New>, make_nothing, create<Desk<true>>);
constexpr PluginDesc no_service =
    linked("rules", "2.0.0", create<New>, create<Shard<true>>, make_nothing);

struct Point {
    const char* name;
    const char* reason;
    bool only_last = false;
    const PluginDesc* next = &two;
};
constexpr Point points[] = {
    {"shard setup refuses", "refused to start on a shard (refused)"},
    {"shard setup refuses", "refused to start on a shard (refused)", true},
    {"shard setup throws", "refused to start on a shard (internal)"},
    {"a shard's route is claimed twice", "message id 21 of rules@2.0.0#2 already belongs"},
    {"a shard takes a route of another", "owner@1.0.0#1"},
    {"a shard takes a route of another", "owner@1.0.0#1", true},
    {"a connection's field is narrowed", "failing.passed"},
    {"a connection's field is narrowed", "failing.passed", true},
    {"a layer of a listener is missing", "wants the middleware count, which no loaded plugin"},
    {"a layer of a listener is missing", "wants the middleware count, which no loaded plugin",
     true},
    {"no object on a shard", "could not make its object", false, &no_shard},
    {"shard save throws", "could not take over the state of rules@1.0.0#1"},
    {"shard restore throws", "could not take over the state of rules@1.0.0#1"},
    {"shard restore throws", "could not take over the state of rules@1.0.0#1", true},
    {"service setup refuses", "refused to start as a service (refused)"},
    {"service setup throws", "refused to start as a service (internal)"},
    {"no object in the service", "could not make its object", false, &no_service},
    {"service save throws", "could not take over the state of rules@1.0.0#1"},
    {"service restore throws", "could not take over the state of rules@1.0.0#1"},
};

void attempt(const Point& point, std::uint64_t number) {
    Played played{number,
                  {.plugins = {&one, &owner},
                   .config = R"({"entities":3000})",
                   .middleware = {"count"},
                   .shards = 2}};
    played.asks = {built_ping, desk_id, shard_id};
    Shard<true>::only_last = point.only_last;
    fails_at = point.name;
    played.play(5);
    const auto ticket = played.host.host().plugins().swap_linked(std::array{point.next});
    const auto report = played.play_until(ticket, SwapOutcome::given_up);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK_MESSAGE(report.reason.find(point.reason) != std::string::npos, report.reason);
    fails_at = {};
    played.play(5);
    played.check();
    // Nothing is in the way of the next attempt.
    const auto again = played.host.host().plugins().swap_linked(std::array{&two});
    CHECK(played.play_until(again, SwapOutcome::committed).outcome == SwapOutcome::committed);
    played.host.advance_ms(1100);
    played.check({{"rules", "2.0.0"}});
}

}  // namespace

TEST_CASE(
    "when a shard or the service cannot follow, the worlds go back and every message counts") {
    for (const Point& point : points) {
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
            CAPTURE(std::string{point.name});
            CAPTURE(point.only_last);
            attempt(point, seed() + i);
        }
    }
}
