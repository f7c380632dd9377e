// Rules on sessions, and where those begin of whom one holds.
#include <doctest/doctest.h>

#include "host/net/address.h"
#include "host/session/seating.h"

using namespace gantry;
using namespace gantry::session;

namespace {

SessionFacts somebody(std::uint64_t id, const char* ip) {
    return {SessionId{id}, "public", "ws", *net::parse_address(ip, 4000)};
}

bool holds(std::string_view rule, const SessionFacts& session) {
    const auto parsed = SessionRule::parse(rule);
    REQUIRE(parsed.has_value());
    return parsed->holds(session);
}

}  // namespace

TEST_CASE("all that a rule says has to hold") {
    const auto session = somebody(1, "10.1.2.3");
    CHECK(holds("listener=public", session));
    CHECK_FALSE(holds("listener=beta", session));
    CHECK(holds("protocol=ws,listener=public", session));
    CHECK_FALSE(holds("protocol=tcp,listener=public", session));
}

TEST_CASE("networks are compared to the bit") {
    CHECK(holds("remote=10.0.0.0/8", somebody(1, "10.255.0.1")));
    CHECK_FALSE(holds("remote=10.0.0.0/8", somebody(1, "11.0.0.1")));
    CHECK(holds("remote=192.168.4.0/23", somebody(1, "192.168.5.9")));
    CHECK_FALSE(holds("remote=192.168.4.0/23", somebody(1, "192.168.6.0")));
    CHECK(holds("remote=127.0.0.1", somebody(1, "127.0.0.1")));
    CHECK_FALSE(holds("remote=127.0.0.1", somebody(1, "127.0.0.2")));
    CHECK(holds("remote=fd00::/8", somebody(1, "fdab::1")));
    CHECK_FALSE(holds("remote=fd00::/8", somebody(1, "fe80::1")));
    CHECK_FALSE(holds("remote=::/0", somebody(1, "1.2.3.4")));
    CHECK(holds("remote=0.0.0.0/0", somebody(1, "1.2.3.4")));
}

TEST_CASE("a share takes about as many sessions, always the same ones") {
    const auto rule = *SessionRule::parse("share=5%");
    int taken = 0;
    for (std::uint64_t id = 0; id < 20'000; ++id) {
        const auto session = somebody(id << 32 | 1, "1.2.3.4");
        taken += rule.holds(session) ? 1 : 0;
        CHECK(rule.holds(session) == rule.holds(session));
    }
    CHECK(taken > 800);
    CHECK(taken < 1'200);
    CHECK(holds("share=100%", somebody(3, "1.2.3.4")));
}

TEST_CASE("a wrong rule is refused with what is wrong and what may stand there") {
    for (const char* text :
         {"", "beta", "listener=", "=beta", "name=beta", "remote=somewhere", "remote=10.0.0.0/33",
          "remote=10.0.0.0/", "remote=10.0.0.0/x", "remote=::/129", "share=5", "share=0%",
          "share=101%", "share=%", "share=nan%", "listener=a,,share=5%", ","}) {
        INFO(text);
        const auto parsed = SessionRule::parse(text);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().message.find("remote=10.0.0.0/8") != std::string::npos);
    }
}

TEST_CASE("those of whom the rule holds begin in the chosen worlds, each in turn") {
    Seating seating;
    seating.add({"arena",
                 *SessionRule::parse("remote=10.0.0.0/8"),
                 {WorldId{1}, WorldId{2}, WorldId{3}},
                 {WorldId{2}, WorldId{3}}});
    const auto office = somebody(1, "10.0.0.1");
    CHECK(seating.choose(WorldId{1}, office) == WorldId{2});
    CHECK(seating.choose(WorldId{1}, office) == WorldId{3});
    CHECK(seating.choose(WorldId{1}, office) == WorldId{2});
    CHECK(seating.choose(WorldId{1}, somebody(1, "11.0.0.1")) == WorldId{1});
    CHECK(seating.choose(WorldId{9}, office) == WorldId{9});  // a world without that plugin
    CHECK(seating.choose(WorldId{}, office) == WorldId{});    // a listener without a world
    seating.remove("arena");
    CHECK(seating.choose(WorldId{1}, office) == WorldId{1});
}
