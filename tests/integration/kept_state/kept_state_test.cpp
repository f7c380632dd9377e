// Private state in a message: a version that does not know a field keeps it for the next that does.
#include <doctest/doctest.h>

#include "host/testing/test_host.h"

using namespace gantry;
using namespace gantry::test;
using plugin::SwapOutcome;

namespace {

TestHostConfig with_purse(std::uint32_t probation_ms) {
    return {.files = {PURSE_1}, .probation_ms = probation_ms};
}

}  // namespace

// Names that a version did not read were kept, but not fields: what a newer version had written was
// gone once an older one had saved in between.
TEST_CASE("fields that a version does not know come through it: up, back by a fault, up again") {
    TestHost host{with_purse(1000)};
    auto player = host.connect();
    CHECK(player.call(1, "").text == "1 Ann");
    const auto up = host.swap_file("purse", PURSE_2);
    REQUIRE_MESSAGE(up.outcome == SwapOutcome::committed, up.reason);
    CHECK(player.call(1, "").text == "2 Ann owes 0 rings 0");
    player.send(2, "");
    CHECK(player.call(1, "").text == "3 Ann owes 7 rings 1");
    for (int i = 0; i < 3; ++i) CHECK(player.call(3, "").status == Status::internal);
    REQUIRE(host.report(up.ticket).outcome == SwapOutcome::rolled_back);
    CHECK(player.call(1, "").text == "4 Ann");
    const auto again = host.swap_file("purse", PURSE_2);
    REQUIRE_MESSAGE(again.outcome == SwapOutcome::committed, again.reason);
    CHECK(player.call(1, "").text == "5 Ann owes 7 rings 1");
}

TEST_CASE("a state that is no such message gives the swap up, and the version before goes on") {
    TestHost host{with_purse(0)};
    auto player = host.connect();
    (void)player.call(4, "");
    const auto report = host.swap_file("purse", PURSE_2);
    CHECK(report.outcome == SwapOutcome::given_up);
    CHECK(report.reason.find("could not take over the state of purse@1.0.0#1") !=
          std::string::npos);
    CHECK(player.call(1, "").text == "1 Ann");
}
