// Swaps that fail at each of their steps while players send: the old version serves on, says why,
// and every message counts once. GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "host/core/log.h"
#include "host/core/random.h"
#include "host/testing/seed.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/swap_rules.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t waits_id = 20, throws_id = 21, throws_later_id = 22;

std::string_view point;  // where the swap fails
bool at(std::string_view name) { return point == name; }
void fail_at(std::string_view name) {
    if (at(name)) throw std::runtime_error{"on purpose"};
}

namespace narrowed {
struct Body {
    std::uint8_t player = 0;
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, GANTRY_FIELD(player))
}  // namespace narrowed
namespace unconverted {
struct Body {
    std::uint64_t player = 0;
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, GANTRY_FIELD(player, .converted = true))
}  // namespace unconverted
namespace moved {
struct Body {
    std::uint64_t player = 0;
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, gantry::sparse, GANTRY_FIELD(player))
}  // namespace moved
namespace ambiguous {
struct Body {
    std::uint32_t cell = 0;
};
GANTRY_COMPONENT_AS("swap.body", Body, 3, GANTRY_FIELD(cell, .was = "moves"))
}  // namespace ambiguous

class Old final : public SwapRules<v1::Body> {
    void setup() override {
        SwapRules::setup();
        on(waits_id, [this](const Message&) -> Task<std::string> {
            co_await after(1h);
            co_return "late";
        });
    }
    void save_state(StateWriter& writer) override {
        fail_at("save throws");
        SwapRules::save_state(writer);
    }
    bool is_idle() noexcept override { return !at("it never is idle"); }
};

class New final : public SwapRules<v2::Body> {
    void setup() override {
        if (at("setup refuses")) return refuse("on purpose");
        fail_at("setup throws");
        if (at("a field is narrowed")) return expect(world().use<narrowed::Body>());
        if (at("a conversion is missing")) return expect(world().use<unconverted::Body>());
        if (at("the storage changes")) return expect(world().use<moved::Body>());
        if (at("a name is claimed twice")) return expect(world().use<ambiguous::Body>());
        SwapRules::setup();
        if (at("a route is claimed twice")) on(built_move, [](const Message&) {});
        if (at("a timer is named twice")) {
            for (int i = 0; i < 2; ++i) on_timer("twice", [](const TimerFire&) {});
        }
        if (at("systems wait for each other")) {
            system("hen", Stage::update, [](const Tick&) {}, {.after = {"egg"}});
            system("egg", Stage::update, [](const Tick&) {}, {.after = {"hen"}});
        }
        if (at("a system throws")) system("bad", Stage::send, [](const Tick&) { raise(); });
        on(throws_id, [](const Message&) { raise(); });
        on(throws_later_id, [this](const Message&) -> Task<std::string> {
            co_await after(1ms);
            raise();
            co_return "";
        });
    }
    void begin(bool fresh) override {
        SwapRules::begin(fresh);
        if (at("a timer throws")) every(1ms, [](const TimerFire&) { raise(); });
    }
    void restore_state(StateReader& reader) override {
        fail_at("restore throws");
        SwapRules::restore_state(reader);
    }
    static void raise() { throw std::runtime_error{"on purpose"}; }
};

Plugin* make_nothing() noexcept { return nullptr; }

constexpr PluginDesc one = linked("rules", "1.0.0", create<Old>);
constexpr PluginDesc two = linked("rules", "2.0.0", create<New>);
constexpr PluginDesc nothing = linked("rules", "2.0.0", make_nothing);
constexpr PluginDesc stranger = linked("stranger", "2.0.0", create<New>);

struct Point {
    const char* name;
    SwapOutcome outcome;
    const char* reason;
    std::uint16_t message = 0;  ///< sent when the new version serves
    const PluginDesc* next = &two;
};
constexpr SwapOutcome refused = SwapOutcome::refused, given_up = SwapOutcome::given_up,
                      rolled_back = SwapOutcome::rolled_back;
constexpr Point points[] = {
    {"setup refuses", refused, "refused to start"},
    {"setup throws", refused, "refused to start in world world (internal)"},
    {"create makes nothing", refused, "could not make its object", 0, &nothing},
    {"nobody has the plugin", refused, "stranger", 0, &stranger},
    {"a field is narrowed", refused, "cannot turn from u64 into u8 without loss"},
    {"a conversion is missing", refused, "refused to start in world world (invalid)"},
    {"the storage changes", refused, "storage cannot change"},
    {"a name is claimed twice", refused, "the older layout has both"},
    {"a route is claimed twice", refused, "already_exists"},
    {"a timer is named twice", refused, "already_exists"},
    {"systems wait for each other", refused, "hen"},
    {"save throws", given_up, "could not save its state"},
    {"restore throws", given_up, "could not take over the state"},
    {"it never is idle", given_up, "was not idle"},
    {"a task does not end", given_up, "was not idle"},
    {"a handler throws", rolled_back, "3 failures", throws_id},
    {"a task throws", rolled_back, "3 failures", throws_later_id},
    {"a system throws", rolled_back, "3 failures"},
    {"a timer throws", rolled_back, "3 failures"},
};

std::uint64_t attempts_wanted() {
    const char* const text = std::getenv("GANTRY_ATTEMPTS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 2;
}

/// A host with four players who never stop.
struct Played {
    static constexpr std::uint32_t players = 4;

    explicit Played(std::uint64_t seed)
        : random{seed}, host{{.plugins = {&one}, .config = R"({"entities":3000})", .seed = seed}} {
        for (std::uint32_t i = 0; i < players; ++i) {
            clients.push_back(host.connect());
            built[i].player = i;
            clients[i].send(built_join, to_payload(std::uint64_t{i}));
        }
        host.settle();
    }
    /// Some moves, some turns, and sometimes time.
    void play() {
        for (std::uint64_t left = random.below(6); left > 0; --left) {
            const auto player = static_cast<std::uint32_t>(random.below(players));
            const std::uint64_t number = built[player].moves + 1;
            built[player].take(number);
            clients[player].send(built_move, to_payload(number));
        }
        host.clock().advance(static_cast<TimeNs>(random.below(10)) * ns_per_ms);
        for (std::uint64_t left = 1 + random.below(8); left > 0; --left) {
            host.host().poll(host.clock().now());
        }
    }
    /// Version 1 serves, and every message has counted once, and nobody was disconnected.
    void check() {
        host.settle();
        const auto plugins = host.host().plugins().snapshot().plugins;
        REQUIRE(plugins.size() == 1);
        CHECK(plugins[0].version == "1.0.0");
        CHECK(plugins[0].state == plugin::PluginState::active);
        for (std::uint32_t i = 0; i < players; ++i) {
            const Reply reply = clients[i].call(built_ping, "");
            CHECK(reply.id == built_ping);
            CHECK(from_payload<Built>(reply.text) == built[i]);
            CHECK_FALSE(clients[i].closed_by_host());
        }
    }

    core::Random random;
    TestHost host;
    std::vector<TestClient> clients;
    Built built[players];
};

void attempt(Played& played, const Point& one_point) {
    TestHost& host = played.host;
    point = one_point.name;
    if (at("a task does not end")) played.clients[0].ask(waits_id, "");
    for (int i = 0; i < 5; ++i) played.play();
    const std::uint64_t ticket = host.host().plugins().swap_linked(std::array{one_point.next});
    bool provoked = false;
    // Deadlines and probations are short against this in the clock of the test.
    for (int i = 0; i < 4000 && host.report(ticket).outcome != one_point.outcome; ++i) {
        played.play();
        if (host.report(ticket).outcome != SwapOutcome::committed || provoked) continue;
        provoked = true;
        for (int n = 0; n < 3 && one_point.message != 0; ++n) {
            played.clients[1].ask(one_point.message, "");
        }
    }
    const auto report = host.report(ticket);
    CHECK(report.outcome == one_point.outcome);
    CHECK_MESSAGE(report.reason.find(one_point.reason) != std::string::npos, report.reason);
    point = "";
    for (int i = 0; i < 5; ++i) played.play();
    played.check();
}

}  // namespace

TEST_CASE("whatever step of a swap fails, the old version serves on and every message counts") {
    log::set_level(log::Level::error);
    for (const Point& one_point : points) {
        for (std::uint64_t i = 0; i < attempts_wanted(); ++i) {
            CAPTURE(std::string{one_point.name});
            Played played{seed() + i};
            attempt(played, one_point);
        }
    }
}

TEST_CASE("a file that is no plugin is refused while players send") {
    log::set_level(log::Level::error);
    std::string folder =
        (std::filesystem::temp_directory_path() / "gantry-failing-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    std::ofstream{folder + "/text.so"} << "no library";
    std::ofstream{folder + "/empty.so"};
    ::mkfifo((folder + "/pipe.so").c_str(), 0600);
    std::filesystem::create_symlink("/proc/self/exe", folder + "/link.so");
    Played played{seed()};
    for (const char* file : {"missing.so", "text.so", "empty.so", "pipe.so", "link.so", ""}) {
        for (std::uint64_t i = 0; i < attempts_wanted(); ++i) {
            CAPTURE(std::string{file});
            played.play();
            const auto ticket = played.host.host().plugins().swap(
                {.plugins = {{"rules", {}, folder + "/" + file}}});
            if (ticket) {
                while (played.host.report(*ticket).outcome == SwapOutcome::running) played.play();
                CHECK(played.host.report(*ticket).outcome == SwapOutcome::refused);
                CHECK_FALSE(played.host.report(*ticket).reason.empty());
            } else {
                CHECK_FALSE(ticket.error().message.empty());
            }
            played.check();
        }
    }
    std::filesystem::remove_all(folder);
}
