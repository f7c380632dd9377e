// Swaps that fail at each of their steps while players send: the old version serves on, says why,
// and every message counts once. GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
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

constexpr std::uint16_t waits_id = 20, throws_id = 21, throws_later_id = 22;

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
        throw_at("save throws");
        SwapRules::save_state(writer);
    }
    bool is_idle() noexcept override { return !at("it never is idle"); }
};

class New final : public SwapRules<v2::Body> {
    void setup() override {
        if (at("setup refuses")) return refuse("on purpose");
        throw_at("setup throws");
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
        throw_at("restore throws");
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

TestHostConfig with_rules() { return {.plugins = {&one}, .config = R"({"entities":3000})"}; }

void attempt(Played& played, const Point& point) {
    fails_at = point.name;
    if (at("a task does not end")) played.ask_in_vain(0, waits_id);
    played.play(5);
    const std::uint64_t ticket = played.host.host().plugins().swap_linked(std::array{point.next});
    const auto report = played.play_until(ticket, point.outcome, [&] {
        for (int n = 0; n < 3 && point.message != 0; ++n) played.ask(1, point.message);
    });
    CHECK(report.outcome == point.outcome);
    CHECK_MESSAGE(report.reason.find(point.reason) != std::string::npos, report.reason);
    fails_at = {};
    played.play(5);
    played.check();
}

}  // namespace

TEST_CASE("whatever step of a swap fails, the old version serves on and every message counts") {
    for (const Point& point : points) {
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
            CAPTURE(std::string{point.name});
            Played played{seed() + i, with_rules()};
            attempt(played, point);
        }
    }
}

TEST_CASE("a file that is no plugin is refused while players send") {
    std::string folder =
        (std::filesystem::temp_directory_path() / "gantry-failing-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    std::ofstream{folder + "/text.so"} << "no library";
    std::ofstream{folder + "/empty.so"};
    ::mkfifo((folder + "/pipe.so").c_str(), 0600);
    std::filesystem::create_symlink("/proc/self/exe", folder + "/link.so");
    Played played{seed(), with_rules()};
    for (const char* file : {"missing.so", "text.so", "empty.so", "pipe.so", "link.so", ""}) {
        for (std::uint64_t i = 0; i < attempts_wanted(2); ++i) {
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
