// A version that has handled players' messages goes back, for whatever reason and however badly the
// way back goes: no answer is given twice and no broadcast repeated, and what it was given
// (sessions, entities, timers, calls) is given to nobody again. GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <set>
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

constexpr std::uint16_t take_id = 20, desk_id = 21, waits_id = 22, provoke_id = 23,
                        provoke_shard_id = 24, visit_id = 25;

struct Token {
    std::uint64_t number = 0;
};
GANTRY_COMPONENT_AS("probation.token", Token, 1, GANTRY_FIELD(number))

/// All that the host has given to any version.
struct Given {
    std::set<std::uint64_t> entities, timers, calls, sessions;
    std::deque<Entity> alive;
    int twice = 0;

    void note(std::set<std::uint64_t>& kind, std::uint64_t id) {
        if (id == 0 || !kind.insert(id).second) ++twice;
    }
} given;

bool gone_back =
    false;  ///< the second version has committed: what the first is asked now is the way back

template <class Body, bool next>
class Rules final : public SwapRules<Body> {
    void setup() override {
        SwapRules<Body>::setup();
        this->expect(this->world().template use<Token>());
        this->on(take_id, [this](const Message&) { return take(); });
        this->on(visit_id, [](const Message& message) {
            given.note(given.sessions, message.session.value);
            given.note(given.entities, message.entity.value);
            return message.payload;
        });
        this->on(desk_id, [this](const Message&) -> Task<std::string> {
            co_return co_await this->call("desk/1", "open", Bytes{}, 1h);
        });
        this->on(waits_id, [this](const Message&) -> Task<std::string> {
            co_await this->after(1h);
            co_return "late";
        });
        this->on(provoke_id, [this](const Message&) {
            if (at("an event's handler throws")) return (void)this->post("provoked");
            if (at("a task throws")) return this->spawn("bad", fail_later());
            if (at("a service throws"))
                return this->call("desk/1", "provoke", Bytes{}, 1h, [](Status, Bytes) {});
            throw_it();
        });
        this->subscribe("provoked", [](Bytes) { throw_it(); });
        this->on_timer("kept", [](const TimerFire&) {});
        this->system("bad", Stage::send, [](const Tick&) {
            if (next && at("a system throws")) throw_it();
        });
    }
    void begin(bool fresh) override {
        SwapRules<Body>::begin(fresh);
        this->every(1ms, [](const TimerFire&) {
            if (next && at("a timer throws")) throw_it();
        });
        if (!next && gone_back) throw_at("the old one's begin() throws");
    }
    /// An entity, a timer and a call; older ones go, so that their places are free again.
    std::string take() {
        const Entity entity = this->world().create(Token{given.entities.size()});
        given.note(given.entities, entity.value);
        given.alive.push_back(entity);
        if (given.alive.size() > 5) {
            this->world().destroy(given.alive.front());
            given.alive.pop_front();
        }
        given.note(given.timers, this->timer("kept", "kept", 1h));
        if (given.timers.size() % 3 == 0) this->cancel("kept");
        given.note(given.calls, this->services_->call(
                                    "desk/1", "open", Bytes{}, ns_per_s,
                                    [](void*, Status, Bytes) noexcept {}, nullptr));
        return "taken";
    }
    Task<> fail_later() {
        co_await this->after(1ms);
        throw_it();
    }
    void save_state(StateWriter& writer) override {
        if (next) throw_at("the new one cannot save");
        SwapRules<Body>::save_state(writer);
    }
    void restore_state(StateReader& reader) override {
        if (!next && at("the old one cannot read it") && reads_++ == 0) throw_it();
        if (!next) throw_at("the old one can read nothing");
        SwapRules<Body>::restore_state(reader);
    }
    void resumed() override {
        if (gone_back) throw_at("the old one's resumed() throws");
    }
    void teardown() override {
        if (next) throw_at("the new one's teardown() throws");
    }
    static void throw_it() { throw std::runtime_error{"on purpose"}; }
    int reads_ = 0;
};

template <bool next>
class Shard final : public IoPlugin {
    void setup() override {
        layer("watch", [](IoMessage& message) {
            if (next && at("a layer throws") && message.id == provoke_shard_id)
                throw std::runtime_error{"on purpose"};
            return Verdict::pass;
        });
        route(provoke_shard_id, [](const IoMessage&) -> Bytes {
            if (next) throw std::runtime_error{"on purpose"};
            return std::string_view{"fine"};
        });
    }
    void save_state(StateWriter&) override {
        if (next) throw_at("the new shard cannot save");
    }
    void restore_state(StateReader&) override {
        if (!next) throw_at("the old shard can read nothing");
    }
    void resumed() override {
        if (gone_back) throw_at("the old shard's resumed() throws");
    }
    void teardown() override {
        if (next) throw_at("the new shard's teardown() throws");
    }
};

template <bool next>
class Desk final : public HostPlugin {
    void setup() override {
        serve("desk/1", [](Str method, Bytes) -> std::string {
            if (next && method.view() == "provoke") throw std::runtime_error{"on purpose"};
            return "open";
        });
    }
    void save_state(StateWriter&) override {
        if (next) throw_at("the new service cannot save");
    }
    void restore_state(StateReader&) override {
        if (!next) throw_at("the old service can read nothing");
    }
};

constexpr PluginDesc one = linked("rules", "1.0.0", create<Rules<v1::Body, false>>,
                                  create<Shard<false>>, create<Desk<false>>);
constexpr PluginDesc two = linked("rules", "2.0.0", create<Rules<v2::Body, true>>,
                                  create<Shard<true>>, create<Desk<true>>);

struct Point {
    const char* name;
    std::uint16_t provoked_by = provoke_id;  ///< 0: by itself
};
constexpr Point points[] = {
    {"a handler throws"},
    {"a task throws"},
    {"an event's handler throws"},
    {"a system throws", 0},
    {"a timer throws", 0},
    {"a route of a shard throws", provoke_shard_id},
    {"a layer throws", provoke_shard_id},
    {"a service throws"},
    {"the new one cannot save"},
    {"the old one cannot read it"},
    {"the old one can read nothing"},
    {"the old one's resumed() throws"},
    {"the old one's begin() throws"},
    {"the new one's teardown() throws"},
    {"the new shard cannot save"},
    {"the old shard can read nothing"},
    {"the old shard's resumed() throws"},
    {"the new shard's teardown() throws"},
    {"the new service cannot save"},
    {"the old service can read nothing"},
};

TestHostConfig with_rules() {
    return {
        .plugins = {&one}, .config = R"({"entities":3000})", .middleware = {"watch"}, .shards = 2};
}

struct Visited : Played {
    explicit Visited(std::uint64_t number) : Played{number, with_rules()} {
        asks = {built_ping, take_id, take_id, desk_id};
        given = {};
        gone_back = false;
    }
    /// Sessions come and go, too.
    void play_and_visit() {
        for (int i = 0; i < 5; ++i) {
            play();
            TestClient visitor = host.connect();
            CHECK(visitor.call(visit_id, "hello").text == "hello");
            visitor.close();
        }
    }
    std::uint64_t begin() { return host.host().plugins().swap_linked(std::array{&two}); }
};

void attempt(const Point& point, std::uint64_t number) {
    Visited played{number};
    played.play_and_visit();
    const auto ticket = played.begin();
    REQUIRE(played.play_until(ticket, SwapOutcome::committed).outcome == SwapOutcome::committed);
    played.play_and_visit();
    const std::size_t before = given.entities.size();
    for (std::uint32_t i = 0; i < Played::players; ++i) played.ask(i, waits_id);
    played.play_and_visit();
    CHECK(given.entities.size() > before);

    gone_back = true;
    fails_at = point.name;
    for (std::uint32_t i = 0; i < 3 && point.provoked_by != 0; ++i) {
        // What a layer lets not pass is answered by nobody.
        if (at("a layer throws")) {
            played.ask_in_vain(i, point.provoked_by);
        } else {
            played.ask(i, point.provoked_by);
        }
    }
    const auto report = played.play_until(ticket, SwapOutcome::rolled_back);
    CHECK(report.outcome == SwapOutcome::rolled_back);
    CHECK_MESSAGE(report.reason.find("3 failures in its probation") != std::string::npos,
                  report.reason);
    played.play_and_visit();
    fails_at = {};
    gone_back = false;
    played.check();

    // It is replaced again, and for good.
    const auto again = played.begin();
    CHECK(played.play_until(again, SwapOutcome::committed).outcome == SwapOutcome::committed);
    played.host.advance_ms(1100);
    played.play_and_visit();
    played.check({{"rules", "2.0.0"}});
    CHECK(given.twice == 0);
}

}  // namespace

TEST_CASE("what goes back when it has served repeats nothing, and nothing is given twice") {
    for (const Point& point : points) {
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
            CAPTURE(std::string{point.name});
            attempt(point, seed() + i);
        }
    }
}
