// Two plugins that only work with each other's version, in hosts of several worlds with a listener
// each.
#pragma once
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gantry/gantry.h"
#include "host/manifest/builder.h"
#include "host/testing/test_host.h"
#include "tests/support/counts_asked.h"
#include "tests/support/linked_plugin.h"

namespace gantry::test {

constexpr std::uint16_t rules_id = 1, bots_id = 2, throw_id = 3;

struct PairRules {
    static constexpr const char* name = "trial_pair.rules/1";
    virtual int version() = 0;

protected:
    ~PairRules() = default;
};

/// {bots, rules} as ticks found them.
inline std::set<std::pair<int, int>> pairs_seen;
inline std::string pair_fails_in;  ///< the world where the second version of bots cannot restore

template <int number>
class PairRulesPlugin : public CountsAsked, public PairRules {
public:
    int version() override { return number; }

private:
    void setup() override {
        provide<PairRules>(PairRules::name, this);
        on(rules_id, [this](const Message&) { return std::to_string(number) + ":" + ask(); });
    }
};

template <int number>
class PairBotsPlugin : public WorldPlugin {
    void setup() override {
        rules_ = service<PairRules>(PairRules::name);
        system("look", Stage::update,
               [this](const Tick&) { pairs_seen.emplace(number, rules_ ? rules_->version() : 0); });
        on(bots_id, [](const Message&) { return std::to_string(number); });
        on(throw_id, [](const Message&) { throw std::runtime_error{"on purpose"}; });
    }
    void restore_state(StateReader&) override {
        if (number == 2 && pair_fails_in == self().world_name.view()) {
            throw std::runtime_error{"cannot read that"};
        }
    }
    Service<PairRules> rules_;
};

inline constexpr PluginDesc pair_rules_1 = linked("rules", "1.0.0", create<PairRulesPlugin<1>>);
inline constexpr PluginDesc pair_rules_2 = linked("rules", "2.0.0", create<PairRulesPlugin<2>>);
inline constexpr PluginDesc pair_bots_1 =
    linked("bots", "1.0.0", create<PairBotsPlugin<1>>, nullptr, nullptr, {"rules", "1.0.0"});
inline constexpr PluginDesc pair_bots_2 =
    linked("bots", "2.0.0", create<PairBotsPlugin<2>>, nullptr, nullptr, {"rules", "2.0.0"});

struct PairWorld {
    std::string name;
    std::vector<std::string> plugins;
};

class PairHost : public TestHost {
public:
    explicit PairHost(const std::vector<PairWorld>& worlds,
                      std::vector<const PluginDesc*> plugins = {&pair_rules_1, &pair_bots_1})
        : TestHost{manifest_of(worlds, plugins), {.plugins = plugins}} {
        pairs_seen.clear();
        pair_fails_in.clear();
        for (const PairWorld& one : worlds) players.push_back(connect(one.name));
    }
    plugin::PluginManager& plugins() { return host().plugins(); }

    /// A swap of linked plugins, in these worlds; the report, or the refusal as one.
    plugin::SwapReport swap_some(std::vector<const PluginDesc*> descs, std::string worlds,
                                 std::string sessions = {}, bool promote = false) {
        plugin::SwapWish wish;
        for (const PluginDesc* const desc : descs) wish.plugins.push_back({.linked = desc});
        wish.worlds = std::move(worlds);
        wish.sessions = std::move(sessions);
        wish.promote = promote;
        const auto ticket = plugins().swap(wish);
        if (!ticket) {
            plugin::SwapReport refused;
            refused.outcome = plugin::SwapOutcome::refused;
            refused.reason = ticket.error().message;
            return refused;
        }
        settle();
        return report(*ticket);
    }
    /// What the players are answered by bots, where there are any: "1122".
    std::string versions() {
        std::string text;
        for (TestClient& player : players) {
            const Reply reply = player.call(bots_id, "");
            if (reply.status == Status::ok) text += reply.text;
        }
        return text;
    }
    plugin::PluginStatus status(std::string_view name) {
        for (const auto& one : plugins().snapshot().plugins) {
            if (one.name == name) return one;
        }
        return {};
    }

    std::vector<TestClient> players;  ///< one in each world

private:
    static manifest::Manifest manifest_of(const std::vector<PairWorld>& worlds,
                                          const std::vector<const PluginDesc*>& plugins) {
        manifest::ManifestBuilder manifest;
        manifest.name("pairs").shards(1).workers(2).no_admin();
        manifest.drop("no such folder").incidents({.folder = ""});
        std::uint16_t port = 0;
        for (const PairWorld& one : worlds) {
            manifest.listener(one.name)
                .transport("memory")
                .address("memory")
                .port(++port)
                .idle(std::chrono::milliseconds{0})
                .joins(one.name);
            manifest.world(one.name).tick_hz(20).plugins(one.plugins);
        }
        for (const PluginDesc* const desc : plugins) {
            manifest.plugin(desc->name).optional().probation(std::chrono::milliseconds{1000});
        }
        return manifest.build();
    }
};

/// Worlds that all have both.
inline std::vector<PairWorld> pair_worlds(std::initializer_list<const char*> names) {
    std::vector<PairWorld> worlds;
    for (const char* const name : names) worlds.push_back({name, {"rules", "bots"}});
    return worlds;
}

}  // namespace gantry::test
