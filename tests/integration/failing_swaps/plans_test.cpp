// Plans of two plugins that fail at each of their steps, through either plugin, in both worlds or
// in one alone: neither is replaced anywhere, the reason is said, and every message counts once.
// GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

#include "host/manifest/builder.h"
#include "host/testing/seed.h"
#include "tests/support/attempts.h"
#include "tests/support/counts_asked.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/played.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t bots_id = 30, bots_wait_id = 31, rules_wait_id = 32, bots_throw_id = 33,
                        rules_throw_id = 34;

std::string_view who, where;  ///< fails; empty: in each world
int saves = 0;                ///< of the incumbents, in the order of their worlds

namespace narrowed {
struct Body {
    std::uint8_t player = 0;
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, GANTRY_FIELD(player))
}  // namespace narrowed

class Bots : public CountsAsked {
protected:
    void setup() override {
        on(bots_id, [this](const Message&) { return ask(); });
    }
};

template <class Facet>
bool fails(const Facet& facet, std::string_view point) {
    return at(point) && facet.plugin.view() == who;
}

/// Either plugin, old or new, with what may fail in it.
template <class Logic, bool next, std::uint16_t wait_id, std::uint16_t throw_id>
class Fails final : public Logic {
    bool fails_here(std::string_view point) const {
        const InstanceInfo self = this->self();
        return fails(self, point) && (where.empty() || self.world_name.view() == where);
    }
    void setup() override {
        if (next && fails_here("setup refuses")) return this->refuse("on purpose");
        if (next && fails_here("setup throws")) throw std::runtime_error{"on purpose"};
        if (next && fails_here("a field is narrowed"))
            return this->expect(this->world().template use<narrowed::Body>());
        Logic::setup();
        if (next && fails_here("a route of the other is claimed")) {
            for (const std::uint16_t id : {built_move, BuiltId{bots_id}})
                this->on(id, [](const Message&) {});
        }
        this->on(wait_id, [this](const Message&) -> Task<std::string> {
            co_await this->after(1h);
            co_return "late";
        });
        this->on(throw_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
    }
    void save_state(StateWriter& writer) override {
        if (!next) ++saves;
        if (!next && fails_here("save throws")) throw std::runtime_error{"on purpose"};
        Logic::save_state(writer);
    }
    void restore_state(StateReader& reader) override {
        if (next && fails_here("restore throws")) throw std::runtime_error{"on purpose"};
        Logic::restore_state(reader);
    }
    bool is_idle() noexcept override { return next || !fails_here("it never is idle"); }
};

/// On shards and in the service.
template <class Base, bool next>
class Side final : public Base {
    void setup() override {
        const char* const point =
            std::is_same_v<Base, IoPlugin> ? "shard setup refuses" : "service setup refuses";
        if (next && fails(this->self(), point)) this->refuse("on purpose");
    }
    void restore_state(StateReader&) override {
        const char* const point =
            std::is_same_v<Base, IoPlugin> ? "shard restore throws" : "service restore throws";
        if (next && fails(this->self(), point)) throw std::runtime_error{"on purpose"};
    }
};

Plugin* make_nothing() noexcept { return nullptr; }

template <bool next>
using Rules = Fails<SwapRules<std::conditional_t<next, v2::Body, v1::Body>>, next, rules_wait_id,
                    rules_throw_id>;
template <bool next>
using Others = Fails<Bots, next, bots_wait_id, bots_throw_id>;

template <template <bool> class World, bool next>
consteval PluginDesc described(std::string_view name, CreateFunction world = create<World<next>>) {
    return linked(name, next ? "2.0.0" : "1.0.0", world, create<Side<IoPlugin, next>>,
                  create<Side<HostPlugin, next>>);
}
constexpr PluginDesc rules_1 = described<Rules, false>("rules");
constexpr PluginDesc rules_2 = described<Rules, true>("rules");
constexpr PluginDesc bots_1 = described<Others, false>("bots");
constexpr PluginDesc bots_2 = described<Others, true>("bots");
constexpr PluginDesc no_bots = described<Others, true>("bots", make_nothing);
constexpr PluginDesc dependent =
    linked("bots", "2.0.0", create<Others<true>>, create<Side<IoPlugin, true>>,
           create<Side<HostPlugin, true>>, {"rules", "3.0.0"});

constexpr SwapOutcome refused = SwapOutcome::refused, given_up = SwapOutcome::given_up,
                      rolled_back = SwapOutcome::rolled_back;
enum Through { either, rules, bots };
struct Point {
    const char* name;
    SwapOutcome outcome;
    const char* reason;
    Through through = either;  ///< which of the two plugins
    bool in_one_world = true;  ///< tried there alone, too
    const PluginDesc* bots = &bots_2;
};
constexpr Point points[] = {
    {"setup refuses", refused, "refused to start in world"},
    {"setup throws", refused, "refused to start in world"},
    {"a route of the other is claimed", refused, "already_exists"},
    {"a field is narrowed", refused, "cannot turn from u64 into u8 without loss", rules},
    {"create makes nothing", refused, "could not make its object", bots, false, &no_bots},
    {"it needs another version", refused, "needs rules 3.0.0 or later", bots, false, &dependent},
    {"save throws", given_up, "could not save its state"},
    {"restore throws", given_up, "could not take over the state"},
    {"it never is idle", given_up, "was not idle"},
    {"a task does not end", given_up, "was not idle"},
    {"shard setup refuses", given_up, "refused to start on a shard", either, false},
    {"shard restore throws", given_up, "could not take over the state", either, false},
    {"service setup refuses", given_up, "refused to start as a service", either, false},
    {"service restore throws", given_up, "could not take over the state", either, false},
    {"a handler throws", rolled_back, "3 failures"},
};

manifest::Manifest two_worlds() {
    manifest::ManifestBuilder made;
    made.name("plans").shards(2).workers(2).no_admin().drop("no such folder");
    made.incidents({.folder = ""});
    std::uint16_t port = 0;
    for (const char* const name : {"one", "two"}) {
        made.listener(name).transport("memory").address("memory").port(++port).idle(0ms).joins(
            name);
        made.world(name).tick_hz(20).plugins({"rules", "bots"});
    }
    for (const char* const name : {"rules", "bots"})
        made.plugin(name).probation(1000ms).config("entities", 3000);
    return made.build();
}

struct TwoWorlds : Played {
    explicit TwoWorlds(std::uint64_t number)
        : Played{number, two_worlds(), {.plugins = {&rules_1, &bots_1}}, {"one", "two"}} {
        asks = {built_ping, bots_id};
        saves = 0;
    }
    std::uint64_t begin(const PluginDesc& new_bots = bots_2) {
        return host.host().plugins().swap_linked(std::array{&rules_2, &new_bots});
    }
    /// Nothing is in the way of the next attempt.
    void check_and_swap() {
        fails_at = {};
        play(5);
        check();
        const auto report = play_until(begin(), SwapOutcome::committed);
        CHECK_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
        host.advance_ms(1100);
        check({{"rules", "2.0.0"}, {"bots", "2.0.0"}});
    }
};

void attempt(const Point& point, std::uint64_t number) {
    TwoWorlds played{number};
    const bool by_rules = who == "rules";
    fails_at = point.name;
    const std::uint32_t player = where == "two" ? 1 : 0;
    const bool waits = at("a task does not end");
    if (waits) {
        for (std::uint32_t i = player; i < 2; ++i)
            played.ask_in_vain(i, by_rules ? rules_wait_id : bots_wait_id);
    }
    played.play(5);
    const auto report = played.play_until(played.begin(*point.bots), point.outcome, [&] {
        for (int i = 0; i < 3; ++i) played.ask(player, by_rules ? rules_throw_id : bots_throw_id);
    });
    CHECK(report.outcome == point.outcome);
    CHECK_MESSAGE(report.reason.find(point.reason) != std::string::npos, report.reason);
    fails_at = {};
    played.play(5);
    played.check();
    if (!waits) played.check_and_swap();
}

/// The second world is left alone for two seconds from that many saved states on, of one each for
/// two plugins in two worlds, world one first.
void hold_up(Played& played, int from, TimeNs& held_since) {
    played.turn = [&played, from, &held_since] {
        app::Host& host = played.host.host();
        const TimeNs now = played.host.clock().now();
        host.poll_control(now);
        host.rooms().workers[0]->poll(now);
        if (saves >= from && held_since == 0) held_since = now;
        if (held_since == 0 || now - held_since > 2 * ns_per_s) host.rooms().workers[1]->poll(now);
        for (session::IoRoom* const shard : host.rooms().shards) shard->poll(now);
        host.rooms().service->poll(now);
    };
}

}  // namespace

TEST_CASE("whatever step of a plan fails, and where, nothing of it is replaced anywhere") {
    for (const Point& point : points) {
        for (const char* const plugin : {"rules", "bots"}) {
            if (point.through != either &&
                (point.through == rules) != (plugin == std::string{"rules"}))
                continue;
            for (const char* const world : {"", "two"}) {
                if (world != std::string{} && !point.in_one_world) continue;
                who = plugin;
                where = world;
                for (std::uint64_t i = 0; i < attempts_wanted(1); ++i) {
                    CAPTURE(std::string{point.name});
                    CAPTURE(std::string{plugin});
                    CAPTURE(std::string{world});
                    attempt(point, seed() + i);
                }
            }
        }
    }
}

TEST_CASE("a world that stands still while another has handed over does not keep a plan") {
    who = where = {};
    // Before it has handed over, and when it has, so that the other one switches.
    for (const int from : {1, 4}) {
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
            CAPTURE(from);
            TwoWorlds played{seed() + i};
            TimeNs held_since = 0;
            hold_up(played, from, held_since);
            played.play(5);
            const auto report = played.play_until(played.begin(), given_up);
            CHECK(report.outcome == given_up);
            CHECK(report.reason == "not all worlds came to the hand-over in time");
            CHECK(held_since != 0);
            played.check_and_swap();
        }
    }
}
