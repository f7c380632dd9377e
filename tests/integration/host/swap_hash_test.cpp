// Swaps there and back at moments drawn from the seed, in the middle of slices, messages and ticks:
// the world is in the end, by its hash, what it is without them. GANTRY_SWAPS makes a long run.
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "host/core/log.h"
#include "host/core/random.h"
#include "host/ecs/world.h"
#include "host/testing/seed.h"
#include "host/testing/test_host.h"
#include "tests/support/linked_plugin.h"
#include "tests/support/swap_rules.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

constexpr PluginDesc one = linked("rules", "1.0.0", create<SwapRules<v1::Body>>);
constexpr PluginDesc two = linked("rules", "2.0.0", create<SwapRules<v2::Body>>);
constexpr std::uint32_t players = 12;

std::uint64_t swaps_wanted() {
    const char* const text = std::getenv("GANTRY_SWAPS");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 300;
}

/// One run: what is sent and how time passes is drawn from the seed, and from another stream when
/// swaps begin and how far the host gets in between.
class Run {
public:
    Run(std::uint64_t seed, std::uint64_t swaps)
        : script_{seed}, moments_{seed + 1}, swaps_{swaps}, host_{config(seed)} {
        for (std::uint32_t i = 0; i < players; ++i) {
            clients_.push_back(host_.connect());
            built_[i].player = i;
            clients_[i].send(built_join, to_payload(std::uint64_t{i}));
        }
        host_.settle();
    }

    /// `steps` of the script, then everybody's last move, at version 1 again.
    void play(std::uint64_t steps) {
        for (std::uint64_t step = 0; step < steps; ++step) {
            this->step();
            // On average a swap is over within its step: twice as often as needed is enough.
            if (done_ < swaps_ && moments_.below(steps) < 2 * swaps_) begin_swap();
            turns();
        }
        while (done_ < swaps_ || version_ == 2) {
            end_swap();
            begin_swap();
        }
        end_swap();
        for (std::uint32_t i = 0; i < players; ++i) move(i);
        host_.advance_ms(200);
    }

    std::uint64_t hash() { return host_.world().entities().hash(); }
    std::uint64_t done() const { return done_; }
    /// Players who built something else, lost a message or were disconnected.
    std::uint32_t wrong() {
        std::uint32_t wrong = 0;
        for (std::uint32_t i = 0; i < players; ++i) {
            const Reply reply = clients_[i].call(built_ping, "");
            const bool right = from_payload<Built>(reply.text) == built_[i];
            if (!right || clients_[i].closed_by_host()) ++wrong;
        }
        return wrong;
    }

private:
    static TestHostConfig config(std::uint64_t seed) {
        TestHostConfig config;
        config.plugins = {&one};
        config.config = R"({"entities":20000})";
        config.probation_ms = 0;
        config.shards = 2;
        config.seed = seed;
        return config;
    }
    void move(std::uint32_t player) {
        const std::uint64_t number = built_[player].moves + 1;
        built_[player].take(number);
        clients_[player].send(built_move, to_payload(number));
    }
    void step() {
        switch (script_.below(4)) {
            case 0:
                host_.clock().advance(static_cast<TimeNs>(script_.below(20)) * ns_per_ms);
                break;
            case 1:
                for (std::uint64_t left = script_.below(20); left > 0; --left) move(0);
                break;
            default:
                for (std::uint64_t left = script_.below(20); left > 0; --left) {
                    move(static_cast<std::uint32_t>(script_.below(players)));
                }
        }
    }
    void turns() {
        for (std::uint64_t left = 1 + moments_.below(12); left > 0; --left) {
            host_.host().poll(host_.clock().now());
        }
    }
    void begin_swap() {
        if (ticket_ && host_.report(*ticket_).outcome == SwapOutcome::running) return;
        end_swap();
        ticket_ = host_.host().plugins().swap_linked(std::array{version_ == 1 ? &two : &one});
        version_ = 3 - version_;
    }
    void end_swap() {
        if (!ticket_) return;
        host_.settle();
        const auto report = host_.report(*ticket_);
        REQUIRE_MESSAGE(report.outcome == SwapOutcome::committed, report.reason);
        ticket_.reset();
        ++done_;
    }

    core::Random script_;
    core::Random moments_;
    std::uint64_t swaps_;
    TestHost host_;
    std::vector<TestClient> clients_;
    Built built_[players];
    std::optional<std::uint64_t> ticket_;
    int version_ = 1;
    std::uint64_t done_ = 0;
};

}  // namespace

TEST_CASE("a world that was swapped at random moments hashes as one that never was") {
    log::set_level(log::Level::warn);
    const std::uint64_t swaps = swaps_wanted();
    Run calm{seed(), 0};
    calm.play(swaps * 5);
    Run stormy{seed(), swaps};
    stormy.play(swaps * 5);
    CHECK(stormy.done() >= swaps);
    CHECK(stormy.wrong() == 0);
    CHECK(calm.wrong() == 0);
    CHECK(stormy.hash() == calm.hash());
}
