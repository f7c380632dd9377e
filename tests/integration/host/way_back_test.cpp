// What a predecessor needs to come back is kept free for it. Once another plugin could take a
// message id while its owner of before was silent in a probation: the way back
// was barred, the failed version served on while the host called it rolled back, and in that world
// nothing could take its place any more.
#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "gantry/gantry.h"
#include "host/route/way_back.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

constexpr std::uint16_t version_id = 1, throw_id = 2, wanted_id = 50;

/// Version 1 has what version 2 does without.
template <int version>
class Rules final : public WorldPlugin {
    void setup() override {
        on(version_id, [](const Message&) { return std::to_string(version); });
        on(throw_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
        if (version == 1) on(wanted_id, [](const Message&) { return std::string{"rules"}; });
        if (version == 1) system("hen", Stage::update, [](const Tick&) {}, {.after = {"egg"}});
    }
};
enum What { nothing, takes_message, turns_systems };
template <What what>
class Other final : public WorldPlugin {
    void setup() override {
        if (what == takes_message)
            on(wanted_id, [](const Message&) { return std::string{"other"}; });
        if (what == turns_systems)
            system("egg", Stage::update, [](const Tick&) {}, {.after = {"hen"}});
    }
};

/// A system of one letter, after that of another plugin or none: three of them may close a circle.
template <char name, char before_it>
class Link final : public WorldPlugin {
    static constexpr char own[] = {name, 0}, other[] = {before_it, 0};
    void setup() override {
        on(name, [](const Message&) { throw std::runtime_error{"on purpose"}; });
        SystemOptions options;
        if (before_it != '-') options.after = {other};
        const auto idle = [](const Tick&) {};
        system(own, Stage::update, idle, options);
    }
};

template <int version>
class Gate final : public IoPlugin {
    void setup() override {
        route(version_id,
              [](const IoMessage&) { return Bytes{std::string_view{version == 1 ? "1" : "2"}}; });
        route(throw_id, [](const IoMessage&) { throw std::runtime_error{"on purpose"}; });
        if (version == 1) route(wanted_id, [](const IoMessage&) {});
    }
};
template <int version>
class Watch final : public IoPlugin {
    void setup() override {
        if (version == 2) route(wanted_id, [](const IoMessage&) {});
    }
};

constexpr PluginDesc rules_1 = linked("rules", "1.0.0", create<Rules<1>>);
constexpr PluginDesc rules_2 = linked("rules", "2.0.0", create<Rules<2>>);
constexpr PluginDesc other_1 = linked("other", "1.0.0", create<Other<nothing>>);
constexpr PluginDesc takes = linked("other", "2.0.0", create<Other<takes_message>>);
constexpr PluginDesc turns = linked("other", "2.0.0", create<Other<turns_systems>>);
constexpr PluginDesc rules_0 = linked("rules", "0.9.0", create<Rules<1>>);
constexpr PluginDesc needs_other =
    linked("rules", "1.0.0", create<Rules<1>>, nullptr, nullptr, {"other", "1.0.0"});
constexpr PluginDesc other_2 = linked("other", "2.0.0", create<Other<nothing>>);
constexpr PluginDesc gate_1 = linked("rules", "1.0.0", nullptr, create<Gate<1>>);
constexpr PluginDesc gate_2 = linked("rules", "2.0.0", nullptr, create<Gate<2>>);
constexpr PluginDesc watch_1 = linked("other", "1.0.0", nullptr, create<Watch<1>>);
constexpr PluginDesc watch_2 = linked("other", "2.0.0", nullptr, create<Watch<2>>);
constexpr PluginDesc hen_1 = linked("hen", "1.0.0", create<Link<'h', 'e'>>);
constexpr PluginDesc hen_2 = linked("hen", "2.0.0", create<Link<'h', '-'>>);
constexpr PluginDesc egg_1 = linked("egg", "1.0.0", create<Link<'e', 'n'>>);
constexpr PluginDesc egg_2 = linked("egg", "2.0.0", create<Link<'e', '-'>>);
constexpr PluginDesc nest_1 = linked("nest", "1.0.0", create<Link<'n', '-'>>);
constexpr PluginDesc nest_2 = linked("nest", "2.0.0", create<Link<'n', 'h'>>);

/// `taker` is refused while version 2 of the rules is in its probation, and these can go back; once
/// they have passed it, it is taken.
void check_kept_free(const PluginDesc& old, const PluginDesc& next, const PluginDesc& beside,
                     const PluginDesc& taker, SwapOutcome outcome, const char* conflict) {
    TestHost host{{.plugins = {&old, &beside}}};
    auto player = host.connect();
    const auto first = host.swap(next);
    REQUIRE_MESSAGE(first.outcome == SwapOutcome::committed, first.reason);
    const auto refused = host.swap(taker);
    CHECK(refused.outcome == outcome);
    CHECK(refused.reason.find("it would bar the way back to rules@1.0.0#1, whose successor is in "
                              "its probation: ") != std::string::npos);
    CHECK_MESSAGE(refused.reason.find(conflict) != std::string::npos, refused.reason);

    for (int i = 0; i < 3; ++i) (void)player.call(throw_id, "");
    CHECK(host.report(first.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(player.call(version_id, "").text == "1");
    REQUIRE(host.swap(next).outcome == SwapOutcome::committed);
    host.advance_ms(1100);
    CHECK(player.call(version_id, "").text == "2");
    const auto taken = host.swap(taker);
    CHECK_MESSAGE(taken.outcome == SwapOutcome::committed, taken.reason);
}

}  // namespace

TEST_CASE("what a predecessor in its probation had, nobody takes until that has passed") {
    check_kept_free(rules_1, rules_2, other_1, takes, SwapOutcome::refused,
                    "message id 50 of other@2.0.0#2 already belongs to rules@1.0.0#1");
    check_kept_free(rules_1, rules_2, other_1, turns, SwapOutcome::refused, "hen");
    check_kept_free(gate_1, gate_2, watch_1, watch_2, SwapOutcome::given_up,
                    "message id 50 of other@2.0.0#2 already belongs to rules@1.0.0#1");
}

// Each way back was looked at alone: both went back, and the second was barred by the third.
TEST_CASE("two that may both go back are looked at together") {
    TestHost host{{.plugins = {&hen_1, &egg_1, &nest_1}}};
    auto player = host.connect();
    const auto hen = host.swap(hen_2);
    REQUIRE_MESSAGE(hen.outcome == SwapOutcome::committed, hen.reason);
    const auto egg = host.swap(egg_2);
    REQUIRE_MESSAGE(egg.outcome == SwapOutcome::committed, egg.reason);
    const auto refused = host.swap(nest_2);
    CHECK(refused.outcome == SwapOutcome::refused);
    CHECK_MESSAGE(refused.reason.find("it would bar the way back to hen@1.0.0#1 together with "
                                      "egg@1.0.0#1, whose successor is in its probation: ") !=
                      std::string::npos,
                  refused.reason);
    for (const char name : {'h', 'e'}) {
        for (int i = 0; i < 3; ++i) (void)player.call(name, "");
    }
    CHECK(host.report(hen.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(host.report(egg.ticket).outcome == SwapOutcome::rolled_back);
}

TEST_CASE("of many that may go back each is looked at, and all of them") {
    std::array<int, 5> some{};
    std::vector<int*> in_probation;
    for (const std::size_t expected : {0, 1, 3, 7, 15, 6}) {
        const auto choices = route::choices(in_probation);
        CHECK(choices.size() == expected);
        if (!choices.empty()) CHECK(choices.back() == in_probation);
        if (in_probation.size() < some.size()) in_probation.push_back(&some[in_probation.size()]);
    }
}

TEST_CASE("in one plan it goes to another all the same, and comes back") {
    TestHost host{{.plugins = {&rules_1, &other_1}}};
    auto player = host.connect();
    const auto report = host.swap(std::array{&rules_2, &takes});
    REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
    CHECK(player.call(wanted_id, "").text == "other");
    for (int i = 0; i < 3; ++i) (void)player.call(throw_id, "");
    CHECK(host.report(report.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(player.call(wanted_id, "").text == "rules");
}

// Only versions that served counted: the predecessor came back without what it depends on.
TEST_CASE("what a predecessor in its probation depends on stays until that has passed") {
    TestHost host{{.plugins = {&rules_0}}};
    plugin::PluginManager& plugins = host.host().plugins();
    for (const PluginDesc* const next : {&other_1, &needs_other}) {
        REQUIRE(host.swap(*next).outcome == SwapOutcome::committed);
        host.advance_ms(1100);
    }
    REQUIRE(host.swap(rules_2).outcome == SwapOutcome::committed);
    const auto refused = host.swap(other_2);
    CHECK(refused.outcome == SwapOutcome::refused);
    CHECK(refused.reason ==
          "rules@1.0.0#2 needs other 1.0.0 or later of that major version, not other@2.0.0#2; it "
          "may come back while rules@2.0.0#3 is in its probation: swap again once that has ended");
    const auto stays = plugins.remove("other");
    REQUIRE_FALSE(stays);
    CHECK(stays.error().message ==
          "other@1.0.0#1 stays: rules@1.0.0#2 depends on it, which may come back from a probation");
    host.advance_ms(1100);
    CHECK(host.swap(other_2).outcome == SwapOutcome::committed);
    host.advance_ms(5100);  // the manifest does not know it: as long as by default
    const auto leaves = plugins.remove("other");
    CHECK_MESSAGE(leaves, leaves.error().message);
}
