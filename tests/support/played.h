// Played: a host whose players never stop sending, whatever a swap does meanwhile, and what may not
// happen to them: every message counts once, every request has one answer, every broadcast comes
// once and in order, nobody is disconnected.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/log.h"
#include "host/core/random.h"
#include "host/testing/test_host.h"
#include "tests/support/swap_rules.h"

namespace gantry::test {

inline std::string_view fails_at;  ///< the point of a swap at which the plugins of a test fail
inline bool at(std::string_view point) { return fails_at == point; }
inline void throw_at(std::string_view point) {
    if (at(point)) throw std::runtime_error{"on purpose"};
}

class Played {
public:
    static constexpr std::uint32_t players = 4;

    /// The plugins have SwapRules; player i comes by the listener i modulo their number.
    Played(std::uint64_t seed, TestHostConfig config,
           const std::vector<std::string>& listeners = {"memory"})
        : random{seed}, host{seeded(std::move(config), seed)} {
        join(listeners);
    }
    Played(std::uint64_t seed, manifest::Manifest manifest, const TestHostConfig& config,
           const std::vector<std::string>& listeners)
        : random{seed}, host{std::move(manifest), seeded(config, seed)} {
        join(listeners);
    }

    /// Some moves and requests, some turns, and sometimes time.
    void play() {
        for (std::uint64_t left = random.below(6); left > 0; --left) {
            const auto player = static_cast<std::uint32_t>(random.below(players));
            if (random.below(4) == 0) ask(player, asks[random.below(asks.size())]);
            const std::uint64_t number = built[player].moves + 1;
            built[player].take(number);
            clients[player].send(built_move, to_payload(number));
        }
        host.clock().advance(static_cast<TimeNs>(random.below(10)) * ns_per_ms);
        for (std::uint64_t left = 1 + random.below(8); left > 0; --left) turn();
        hear();
    }
    void play(int rounds) {
        while (rounds-- > 0) play();
    }
    void ask(std::uint32_t player, std::uint16_t id, std::string_view payload = {}) {
        heard[player].answers[clients[player].ask(id, payload)] = 0;
    }
    /// One that may wait for ever: it is answered once at most.
    void ask_in_vain(std::uint32_t player, std::uint16_t id) {
        heard[player].may_wait.push_back(clients[player].ask(id, {}));
    }
    /// Plays until the swap has ended like that: deadlines and probations are short against this.
    plugin::SwapReport play_until(std::uint64_t ticket, plugin::SwapOutcome outcome,
                                  const std::function<void()>& committed = {}) {
        bool told = false;
        for (int i = 0; i < 4000 && host.report(ticket).outcome != outcome; ++i) {
            play();
            if (told || host.report(ticket).outcome != plugin::SwapOutcome::committed) continue;
            told = true;
            if (committed) committed();
        }
        return host.report(ticket);
    }
    /// All plugins serve, in version 1.0.0 where nothing else is named, and players found what may
    /// not happen to them nowhere.
    void check(const std::map<std::string, std::string>& versions = {}) {
        host.settle();
        for (const auto& one : host.host().plugins().snapshot().plugins) {
            CAPTURE(one.name);
            const auto named = versions.find(one.name);
            CHECK(one.version == (named != versions.end() ? named->second : "1.0.0"));
            CHECK(one.state == plugin::PluginState::active);
        }
        for (std::uint32_t i = 0; i < players; ++i) {
            ask(i, built_ping);
            host.settle();
            hear();
            CHECK(heard[i].last == built[i]);
            CHECK_FALSE(clients[i].closed_by_host());
            const Heard& player = heard[i];
            for (const auto& [correlation, count] : player.answers) CHECK(count == 1);
            for (const std::uint32_t one : player.may_wait) {
                const auto found = player.stray.find(one);
                CHECK((found == player.stray.end() || found->second == 1));
            }
            CHECK(player.stray.size() <= player.may_wait.size());
            CHECK(player.went_back == 0);
            CHECK(player.states_amiss == 0);
        }
    }
    /// What players were answered with an error.
    const std::vector<std::string>& errors() const { return errors_; }

    struct Heard {
        std::map<std::uint32_t, int> answers;  ///< to each request, by its correlation id
        std::vector<std::uint32_t> may_wait;   ///< requests that need no answer
        std::map<std::uint32_t, int> stray;    ///< answers to others than `answers`
        Built last;                            ///< of the newest ping
        std::uint32_t states = 0;              ///< the newest broadcast
        int went_back = 0;                     ///< pings that knew of fewer moves than one before
        int states_amiss = 0;                  ///< broadcasts that were not the next one
    };

    core::Random random;
    TestHost host;
    std::function<void()> turn = [this] { host.host().poll(host.clock().now()); };
    std::vector<std::uint16_t> asks{built_ping};  ///< what players ask for, by chance
    std::vector<TestClient> clients;
    Built built[players];
    Heard heard[players];

private:
    static TestHostConfig seeded(TestHostConfig config, std::uint64_t seed) {
        log::set_level(log::Level::error);
        fails_at = {};
        config.seed = seed;
        return config;
    }
    void join(const std::vector<std::string>& listeners) {
        for (std::uint32_t i = 0; i < players; ++i) {
            clients.push_back(host.connect(listeners[i % listeners.size()]));
            built[i].player = i;
            ask(i, built_join, to_payload(std::uint64_t{i}));
        }
        host.settle();
    }
    void hear() {
        for (std::uint32_t i = 0; i < players; ++i) {
            for (const Reply& reply : clients[i].received()) hear(heard[i], reply);
        }
    }
    void hear(Heard& player, const Reply& reply) {
        if ((reply.flags & net::frame_flags::response) == 0) {
            if (reply.id != built_state) return;
            const auto number = from_payload<BuiltState>(reply.text).number;
            if (player.states != 0 && number != player.states + 1) ++player.states_amiss;
            player.states = number;
            return;
        }
        const auto asked = player.answers.find(reply.correlation);
        ++(asked != player.answers.end() ? asked->second : player.stray[reply.correlation]);
        if (reply.status != Status::ok) {
            errors_.push_back(reply.text);
        } else if (reply.id == built_ping) {
            const auto ping = from_payload<Built>(reply.text);
            if (ping.moves < player.last.moves) ++player.went_back;
            player.last = ping;
        }
    }

    std::vector<std::string> errors_;
};

}  // namespace gantry::test
