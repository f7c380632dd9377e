// Several plugins are tried in some worlds as one: they come, go on to all worlds, and leave
// together.
#include <doctest/doctest.h>

#include "host/core/log.h"
#include "tests/integration/host/trial_pair.h"

using namespace gantry;
using namespace gantry::test;
using namespace std::chrono_literals;
using plugin::PluginState;
using plugin::SwapOutcome;

namespace {

using Texts = std::vector<std::string>;

const std::vector<const PluginDesc*> both{&pair_bots_2, &pair_rules_2};

class OnShard final : public IoPlugin {
    void setup() override {}
};
constexpr PluginDesc shard_1 = linked("gate", "1.0.0", nullptr, create<OnShard>);
constexpr PluginDesc shard_2 = linked("gate", "2.0.0", nullptr, create<OnShard>);

struct FourWorlds : PairHost {
    FourWorlds() : PairHost{pair_worlds({"one", "two", "three", "four"})} {
        log::set_level(log::Level::error);
        for (TestClient& player : players) CHECK(player.call(rules_id, "").text == "1:1");
        advance_ms(100);
    }
    void check_never_mixed() {
        advance_ms(200);
        for (const auto& [bots, rules] : pairs_seen) CHECK(bots == rules);
        for (TestClient& player : players) CHECK_FALSE(player.closed_by_host());
    }
};

}  // namespace

TEST_CASE("a plan is tried in some worlds, and promoted by the name of any of its plugins") {
    FourWorlds host;
    const auto tried = host.swap_some(both, "50%");
    CHECK(tried.outcome == SwapOutcome::committed);
    CHECK(tried.notes ==
          Texts{"bots@2.0.0#2, rules@2.0.0#2 run in 2 of 4 worlds beside bots@1.0.0#1, "
                "rules@1.0.0#1 (worlds one, three)",
                "gantry promote rules takes them to all, gantry abort rules takes them back"});
    CHECK(host.versions() == "2121");
    for (const char* const name : {"rules", "bots"}) {
        const auto status = host.status(name);
        CHECK(status.state == PluginState::trial);
        CHECK(status.version == "1.0.0");
        CHECK(status.trial == std::string{name} + "@2.0.0#2");
        CHECK(status.trial_worlds == Texts{"one", "three"});
        CHECK(status.trial_with == Texts{name == std::string{"rules"} ? "bots" : "rules"});
    }
    host.check_never_mixed();

    const auto ticket = host.plugins().promote("bots");
    REQUIRE(ticket);
    host.settle();
    const auto promoted = host.report(*ticket);
    CHECK(promoted.outcome == SwapOutcome::committed);
    CHECK(promoted.from == "rules@1.0.0#1, bots@1.0.0#1");
    CHECK(promoted.to == "rules@2.0.0#2, bots@2.0.0#2");
    CHECK(promoted.notes ==
          Texts{"rules@2.0.0#2, bots@2.0.0#2 go on together: they came in one plan",
                "rules@1.0.0#1 had not served long enough to compare with: rules@2.0.0#2 is "
                "judged by faults, failures and memory alone",
                "bots@1.0.0#1 had not served long enough to compare with: bots@2.0.0#2 is judged "
                "by faults, failures and memory alone"});
    CHECK(host.versions() == "2222");
    for (TestClient& player : host.players) CHECK(player.call(rules_id, "").text == "2:2");
    host.check_never_mixed();
    host.advance_ms(1200);
    CHECK(host.plugins().snapshot().generations.size() == 2);
}

TEST_CASE("a plan that was promoted goes back in all worlds, and as one") {
    FourWorlds host;
    REQUIRE(host.swap_some(both, "two").outcome == SwapOutcome::committed);
    REQUIRE(host.plugins().promote("rules"));
    host.settle();
    CHECK(host.versions() == "2222");
    for (int i = 0; i < 3; ++i) (void)host.players[3].call(throw_id, "");
    CHECK(host.versions() == "1111");
    CHECK(host.status("rules").state == PluginState::active);
    host.check_never_mixed();
    CHECK(host.plugins().snapshot().generations.size() == 2);
}

TEST_CASE("aborting one of a plan takes all of it out of the worlds that try it") {
    FourWorlds host;
    const auto tried = host.swap_some(both, "two,four");
    REQUIRE(tried.outcome == SwapOutcome::committed);
    CHECK(host.versions() == "1212");
    CHECK(host.players[1].call(rules_id, "").text == "2:2");
    const auto left = host.plugins().abort("bots");
    REQUIRE(left);
    CHECK(*left == Texts{"rules@2.0.0#2", "bots@2.0.0#2"});
    host.settle();
    CHECK(host.report(tried.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(host.versions() == "1111");
    CHECK(host.players[1].call(rules_id, "").text == "1:3");
    for (const char* const name : {"rules", "bots"}) {
        CHECK(host.status(name).state == PluginState::active);
        CHECK(host.status(name).trial.empty());
    }
    CHECK_FALSE(host.plugins().abort("rules"));
    host.check_never_mixed();
    CHECK(host.plugins().snapshot().generations.size() == 2);
    // Nothing is left of it: the next attempt goes all the way.
    REQUIRE(host.swap_some(both, "one").outcome == SwapOutcome::committed);
    CHECK(host.versions() == "2111");
}

TEST_CASE(
    "what one of a plan does wrong ends the trial of all, and the incident names the others") {
    FourWorlds host;
    const auto tried = host.swap_some(both, "three");
    REQUIRE(tried.outcome == SwapOutcome::committed);
    for (int i = 0; i < 3; ++i) (void)host.players[2].call(throw_id, "");
    const auto report = host.report(tried.ticket);
    CHECK(report.outcome == SwapOutcome::rolled_back);
    CHECK(report.reason.starts_with("bots@2.0.0#2: 3 failures in its probation"));
    CHECK(host.versions() == "1111");
    const auto incidents = host.host().incidents().latest();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].plugin == "bots@2.0.0#2");
    CHECK(incidents[0].went_back_to == "bots@1.0.0#1");
    CHECK(incidents[0].with == Texts{"rules@2.0.0#2"});
    CHECK(host.status("rules").error == report.reason);
    host.check_never_mixed();
}

// The old version's rates were once those of the moment in which the trial began.
TEST_CASE("what goes wrong in the old version at the same time is not held against the new one") {
    FourWorlds host;
    REQUIRE(host.swap_some(both, "three").outcome == SwapOutcome::committed);
    for (int round = 0; round < 8; ++round) {
        for (const std::size_t old : {0u, 1u, 3u}) (void)host.players[old].call(throw_id, "");
        host.advance_ms(100);
        if (round >= 3) (void)host.players[2].call(throw_id, "");
    }
    CHECK(host.versions() == "1121");
    // After a while in which only the new one fails it counts.
    host.advance_ms(6000);
    for (int i = 0; i < 40 && host.versions() == "1121"; ++i) {
        (void)host.players[2].call(throw_id, "");
        host.advance_ms(100);
    }
    CHECK(host.versions() == "1111");
    host.check_never_mixed();
}

TEST_CASE("a fault of one of a plan ends the trial of all") {
    FourWorlds host;
    REQUIRE(host.swap_some(both, "three").outcome == SwapOutcome::committed);
    core::Owner owner;
    for (const auto& instance : host.world("three").instances()) {
        if (instance->owner().plugin == "rules") owner = instance->owner();
    }
    CHECK(owner.label == "rules@2.0.0#2");
    host.plugins().faulted(owner, {"segmentation fault", "a call", "world three", nullptr, {}, {}});
    host.settle();
    CHECK(host.versions() == "1111");
    CHECK(host.status("bots").error.starts_with("rules@2.0.0#2: segmentation fault"));
    host.check_never_mixed();
}

TEST_CASE("a plan whose numbers hold goes on to all worlds by itself, once") {
    FourWorlds host;
    const auto tried = host.swap_some(both, "25%", {}, true);
    REQUIRE(tried.outcome == SwapOutcome::committed);
    CHECK(tried.notes.back() ==
          "the other worlds follow by themselves once their probation has passed");
    host.advance_ms(800);
    CHECK(host.versions() == "2111");
    host.advance_ms(400);
    CHECK(host.versions() == "2222");
    host.advance_ms(2400);
    CHECK(host.plugins().snapshot().swaps.size() == 2);
    CHECK(host.plugins().snapshot().generations.size() == 2);
    host.check_never_mixed();
}

TEST_CASE("when one of the worlds that try a plan cannot take over, none of them does") {
    FourWorlds host;
    pair_fails_in = "three";
    const auto report = host.swap_some(both, "one,three");
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason ==
          "world three: bots@2.0.0#2 could not take over the state of bots@1.0.0#1");
    CHECK(host.versions() == "1111");
    CHECK(host.status("rules").state == PluginState::active);
    host.check_never_mixed();
}

TEST_CASE("new sessions of whom a rule holds begin where a plan is tried, until that has ended") {
    FourWorlds host;
    const auto come = [&host](const char* listener) {
        return host.players.emplace_back(host.connect(listener)).call(bots_id, "").text;
    };
    const auto tried = host.swap_some(both, "four", "listener=one");
    REQUIRE(tried.outcome == SwapOutcome::committed);
    CHECK(tried.notes[1] == "new sessions of whom listener=one holds begin there");
    CHECK(come("one") == "2");
    CHECK(come("two") == "1");
    CHECK(host.players[0].call(bots_id, "").text == "1");  // who sits already stays
    REQUIRE(host.plugins().abort("rules"));
    host.settle();
    CHECK(come("one") == "1");
    CHECK(host.world("four").session_count() == 2);  // the rule has gone with the trial
    REQUIRE(host.swap_some(both, "four", "listener=one").outcome == SwapOutcome::committed);
    CHECK(come("one") == "2");
    REQUIRE(host.plugins().promote("bots"));
    host.settle();
    CHECK(host.versions().find('1') == std::string::npos);
    CHECK(come("one") == "2");
    CHECK(host.world("four").session_count() == 3);
}

TEST_CASE("a plan is tried where all of it is; other worlds follow when it is promoted") {
    PairHost host{{{"one", {"rules", "bots"}}, {"two", {"rules"}}, {"three", {"rules", "bots"}}}};
    const auto tried = host.swap_some(both, "50%");
    CHECK(tried.notes.front().find("in 1 of 2 worlds") != std::string::npos);
    CHECK(host.versions() == "21");
    CHECK(host.players[1].call(rules_id, "").text == "1:1");
    REQUIRE(host.plugins().promote("rules"));
    host.settle();
    CHECK(host.versions() == "22");
    CHECK(host.players[1].call(rules_id, "").text == "2:2");
}

TEST_CASE("a plan that cannot be tried in some worlds is refused with a sentence") {
    FourWorlds host;
    const auto refused = [](PairHost& where, std::vector<const PluginDesc*> descs,
                            std::string worlds) {
        const auto report = where.swap_some(std::move(descs), std::move(worlds));
        CHECK(report.outcome == SwapOutcome::refused);
        return report.reason;
    };
    CHECK(refused(host, both, "five") ==
          "no world \"five\" has all these plugins; these have: one, two, three, four");
    CHECK(refused(host, both, "0%") == "\"0%\" is no share of the worlds, such as 5%");
    CHECK(refused(host, {&pair_rules_2}, "one").find("swap both at once") != std::string::npos);
    CHECK(refused(host, {&pair_rules_2, &pair_bots_1}, "one") ==
          "bots@1.0.0#2 needs rules 1.0.0 or later of that major version, not rules@2.0.0#3");
    CHECK(refused(host, {&pair_rules_1, &shard_1}, "one") ==
          "gate is not loaded, so nothing runs beside which it could be tried in some worlds: "
          "leave --worlds out");

    PairHost gated{pair_worlds({"one", "two"}), {&pair_rules_1, &pair_bots_1, &shard_1}};
    CHECK(refused(gated, {&pair_rules_1, &shard_2}, "one") ==
          "gate@1.0.0#1 has no part in worlds, so its next version cannot be tried in some of "
          "them: leave --worlds out");
    CHECK(refused(gated, {&shard_2}, "one").find("has no part in worlds") != std::string::npos);

    PairHost apart{{{"one", {"rules"}}, {"two", {"bots"}}}};
    CHECK(refused(apart, both, "50%") ==
          "no world has all these plugins: a share of that cannot be taken");
    CHECK(refused(apart, both, "one") ==
          "no world \"one\" has all these plugins; these have: none");
}

TEST_CASE("while a plan is tried, nothing else takes its place or what it needs") {
    static constexpr PluginDesc later =
        linked("rules", "1.5.0", create<PairRulesPlugin<1>>, nullptr, nullptr, {});
    static constexpr PluginDesc uses_gate_1 = linked("bots", "1.0.0", create<PairBotsPlugin<1>>);
    static constexpr PluginDesc uses_gate_2 =
        linked("bots", "1.1.0", create<PairBotsPlugin<1>>, nullptr, nullptr, {"gate", "1.0.0"});
    PairHost host{pair_worlds({"one", "two"}), {&pair_rules_1, &uses_gate_1, &shard_1}};
    REQUIRE(host.swap_some({&uses_gate_2, &later}, "two").outcome == SwapOutcome::committed);
    const auto again = host.swap(both);
    CHECK(again.outcome == SwapOutcome::refused);
    CHECK(
        again.reason.ends_with("runs in world two beside bots@1.0.0#1: promote or abort it first"));
    CHECK_FALSE(host.plugins().remove("rules"));
    // Only the version that is tried needs it.
    const auto removed = host.plugins().remove("gate");
    REQUIRE_FALSE(removed);
    CHECK(removed.error().message == "gate@1.0.0#1 stays: bots@1.1.0#2 depends on it");
    CHECK(host.swap(shard_2).reason ==
          "bots@1.1.0#2 needs gate 1.0.0 or later of that major version, not gate@2.0.0#2; "
          "promote or abort that first");
}

TEST_CASE("a trial of all the worlds there are is none") {
    FourWorlds host;
    const auto nobody = host.swap_some(both, "one,two,three,four", "share=5%");
    CHECK(nobody.outcome == SwapOutcome::refused);
    CHECK(
        nobody.reason.starts_with("--worlds names every world that has bots or rules, so a rule"));
    const auto report = host.swap_some(both, "one,two,three,four");
    CHECK(report.outcome == SwapOutcome::committed);
    CHECK(host.versions() == "2222");
    CHECK(host.status("rules").state == PluginState::probation);
}
