// ManifestBuilder: what C++ puts together is what a file says, there and back, whatever it is.
#include "host/manifest/builder.h"

#include <doctest/doctest.h>

#include <random>

#include "host/testing/seed.h"
#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using namespace gantry::manifest;
using namespace std::chrono_literals;
using test::load_text;

namespace {

/// Any manifest that the checks let pass, made of builder calls alone.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_{seed} {}

    ManifestBuilder manifest() {
        ManifestBuilder made;
        if (coin()) made.name(name());
        if (coin()) made.log_level(pick({"trace", "info", "error", "off"}));
        if (coin()) made.shards(upto(256));
        if (coin()) made.workers(upto(256));
        if (coin()) made.room_processors({upto(1023), upto(1023)});
        if (coin())
            made.limits({1 + upto(99), 4096 + upto(99), 16 + upto(99), 16 + upto(99), 1 + upto(99),
                         1024 + upto(99), upto(99), upto(99)});
        if (coin()) made.shutdown(ms(600'000));
        if (coin()) made.drop("d" + text(), static_cast<OnDrop>(upto(2)));
        if (coin()) made.unload_after(ms(600'000));
        if (coin()) made.incidents({text(), 1 + upto(99), 100 + upto(99)});
        if (coin()) made.gate({{"lib" + name()}, coin(), {std::string(64, 'a')}});
        if (coin()) made.no_admin();
        if (coin()) made.admin({true, "::1", port(), "0123456789abcdef", {{"/a/", "f" + text()}}});
        const auto plugins = names("p");
        for (const auto& one : plugins) plugin(made, one);
        const auto worlds = names("w");
        for (const auto& one : worlds) world(made, one, plugins);
        for (const auto& one : names("l")) listener(made, one, worlds, plugins);
        return made;
    }

private:
    void plugin(ManifestBuilder& made, const std::string& called) {
        PluginBuilder part = made.plugin(called);
        if (coin()) part.file(text());
        if (coin()) part.version_min(std::to_string(upto(9)) + ".0.0-rc1");
        if (coin()) part.optional();
        if (coin()) part.config("bots", upto(9)).config("map", text()).config("fast", coin());
        if (coin()) part.config("ratio", upto(1000) / 7.0).config("bots", -1);
        if (coin()) part.drain(ms(600'000)).hold(ms(60'000));
        if (coin()) part.at_deadline(AtDeadline::cancel);
        if (coin()) part.probation(ms(600'000)).on_fault(OnFault::die);
        if (coin())
            part.rollback_when(
                {1 + upto(9), 1 + upto(98), 101 + upto(99), 101 + upto(99), 1 + upto(99)});
        if (coin()) part.canary(10ms + ms(999));
        if (coin()) part.no_canary();
    }
    void world(ManifestBuilder& made, const std::string& called,
               const std::vector<std::string>& plugins) {
        WorldBuilder part = made.world(called);
        if (coin()) part.plugins(plugins);
        if (coin()) part.tick_hz(1 + upto(900) / 8.0);
        if (coin()) part.on_worker(0);
        if (coin()) part.catch_up_steps_max(1 + upto(99)).entities_max(1 + upto(1'000'000));
    }
    void listener(ManifestBuilder& made, const std::string& called,
                  const std::vector<std::string>& worlds, const std::vector<std::string>& plugins) {
        ListenerBuilder part = made.listener(called);
        if (coin()) part.transport(pick({"tcp", "ws", "ws+memory", "loopback"}));
        if (coin()) part.address(pick({"::", "0.0.0.0", "127.0.0.1"}));
        // Two listeners may not have one port; those that name none get any.
        if (coin()) part.port(++last_port_);
        if (coin()) part.framing(static_cast<Framing>(upto(5))).payload_bytes_max(1 + upto(65'534));
        if (coin()) part.balance(static_cast<Balance>(upto(3)));
        if (coin()) part.backlog(static_cast<std::uint16_t>(1 + upto(65'000)));
        if (coin()) part.handshake(1ms + ms(1000)).idle(ms(1000));
        if (coin()) part.queue({1 + upto(9), 11 + upto(9), 65'535 + upto(9)});
        if (coin()) part.websocket({"/" + name(), coin(), {"http://" + name()}, 1000 + upto(99)});
        if (coin() && !worlds.empty()) part.joins(worlds.front());
        if (coin()) part.middleware(plugins);
        if (coin()) part.option(name(), text()).option("$k$", text());
    }

    std::uint32_t upto(std::uint32_t most) {
        return std::uniform_int_distribution<std::uint32_t>{0, most}(random_);
    }
    bool coin() { return upto(1) == 1; }
    std::chrono::milliseconds ms(std::uint32_t most) {
        return std::chrono::milliseconds{upto(most)};
    }
    std::uint16_t port() { return static_cast<std::uint16_t>(upto(65'535)); }
    std::string pick(const std::vector<std::string>& from) {
        return from[upto(static_cast<std::uint32_t>(from.size()) - 1)];
    }
    std::string name() { return "n" + std::to_string(upto(99)); }
    std::string text() {
        std::string made;
        for (std::uint32_t i = upto(6); i > 0; --i) made += pick({"a", "$", "\"", "\\", "\n", "ß"});
        return made;
    }
    std::vector<std::string> names(const std::string& kind) {
        std::vector<std::string> made;
        for (std::uint32_t i = upto(3); i > 0; --i) made.push_back(kind + std::to_string(i));
        return made;
    }

    std::mt19937_64 random_;
    std::uint16_t last_port_ = 1000;
};

}  // namespace

TEST_CASE("builder to JSON to builder is identical") {
    Chance chance{test::seed()};
    for (int i = 0; i < 500; ++i) {
        const ManifestBuilder made = chance.manifest();
        CAPTURE(made.json());
        const auto read = load_text(made.json());
        REQUIRE_MESSAGE(read, read.errors);
        const ManifestBuilder again{*read};
        CHECK(again == made);
        CHECK(again.json() == made.json());
        CHECK(*made.checked() == made.build());
    }
}

TEST_CASE("a chain says what a file says") {
    const Manifest built = ManifestBuilder{}
                               .name("arena")
                               .listener("players")
                               .transport("ws")
                               .port(4000)
                               .joins("main")
                               .world("main")
                               .tick_hz(30)
                               .plugins({"arena"})
                               .plugin("arena")
                               .config("bots", 200)
                               .config("map", "north")
                               .hold(1s)
                               .build();
    const auto read = load_text(R"({
        "name": "arena",
        "listeners": [{"name": "players", "transport": "ws", "port": 4000, "world": "main"}],
        "worlds": [{"name": "main", "tick_hz": 30, "plugins": ["arena"]}],
        "plugins": [{"name": "arena", "config": {"bots": 200, "map": "north"}, "hold_ms": 1000}],
    })");
    REQUIRE_MESSAGE(read, read.errors);
    CHECK(built == *read);
}

TEST_CASE("checked() finds what no compiler can, and says where") {
    const auto wrong = ManifestBuilder{}.listener("a").joins("nowhere").checked();
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().message.find("/listeners/0/world: there is no world \"nowhere\"") !=
          std::string::npos);
}

TEST_CASE("only transports over IP need an address of IP") {
    CHECK(ManifestBuilder{}.listener("a").transport("loopback").address("here").checked());
    CHECK_FALSE(ManifestBuilder{}.listener("a").transport("ws+tcp").address("here").checked());
}
