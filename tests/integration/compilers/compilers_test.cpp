// A plugin by clang with libc++ serves in this host as one by the host's own compiler does, and
// each takes over from the other.
#include <doctest/doctest.h>
#include <ping_generated.h>

#include "host/plugin/gate.h"
#include "host/plugin/interface_check.h"
#include "host/testing/test_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

#if defined(MIXED_CLANG)
const std::string foreign = MIXED_CLANG;
#else
const std::string foreign;
#endif

bool is_absent() {
    if (foreign.empty()) MESSAGE("SKIPPED: clang 16 with libc++ is not installed");
    return foreign.empty();
}

TestHostConfig config_of(const std::string& file) {
    TestHostConfig config;
    config.files = {file};
    config.allow_libraries = {"libc++.so", "libc++abi.so", "libunwind.so"};
    config.probation_ms = 0;
    config.canary_program = GANTRY_PROGRAM;
    return config;
}

void check_raw(TestHost& host, TestClient& player) {
    CHECK(player.call(1, "hello").text == "hello");
    CHECK(player.call(1, "").text.empty());
    const std::string large(60'000, 'x');
    CHECK(player.call(1, large).text == large);
    const Reply thrown = player.call(4, "");
    CHECK(thrown.status == Status::internal);
    CHECK(thrown.text.find("thrown") == std::string::npos);  // that is for the log, not for clients
    player.ask(5, "");
    host.advance_ms(20);
    const auto later = player.received();
    REQUIRE(later.size() == 1);
    CHECK(later[0].text.find("a text that is too long for any small string, ") == 0);
}

void check_flatbuffers(TestClient& player) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(mixed::CreatePing(builder, 41, builder.CreateString("ab")));
    const std::string_view bytes{reinterpret_cast<const char*>(builder.GetBufferPointer()),
                                 builder.GetSize()};
    const Reply reply = player.call(3, bytes);
    const auto* data = reinterpret_cast<const std::uint8_t*>(reply.text.data());
    flatbuffers::Verifier verifier{data, reply.text.size()};
    REQUIRE(verifier.VerifyBuffer<mixed::Ping>(nullptr));
    const auto* const pong = flatbuffers::GetRoot<mixed::Ping>(data);
    CHECK(pong->number() == 42);
    CHECK(pong->text()->str() == "abab");
    const Reply broken = player.call(3, bytes.substr(0, bytes.size() / 2));
    CHECK(broken.status == Status::invalid);
    CHECK(broken.text.find("the payload is no mixed.Ping") != std::string::npos);
}

void check_serving(const std::string& file, const char* compiler) {
    TestHost host{config_of(file)};
    auto player = host.connect();
    CHECK(player.call(6, "").text.find(compiler) != std::string::npos);
    check_raw(host, player);
    check_flatbuffers(player);
    CHECK(player.call(2, "first").text == "1 1");
    CHECK(player.call(2, "second").text == "2 3");
}

}  // namespace

TEST_CASE("The host's own compiler: raw and FlatBuffers handlers, exceptions, tasks, components") {
    check_serving(MIXED, "libstdc++");
}

TEST_CASE("clang with libc++: raw and FlatBuffers handlers, exceptions, tasks, components") {
    if (is_absent()) return;
    check_serving(foreign, "clang 16, libc++");
}

TEST_CASE("What libc++ brings along is taken only where the manifest allows it") {
    if (is_absent()) return;
    const auto refused = plugin::inspect(foreign);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("it needs the library libc++") != std::string::npos);
    CHECK(refused.error().message.find("gate.allow_libraries") != std::string::npos);
}

TEST_CASE("Each takes over from the other, with private state, components, timers and the player") {
    if (is_absent()) return;
    TestHost host{config_of(MIXED)};
    auto player = host.connect();
    CHECK(player.call(2, "a").text == "1 1");
    std::int64_t count = 1;
    std::int64_t sum = 1;
    for (int round = 0; round < 10; ++round) {
        const std::string& next = round % 2 == 0 ? foreign : MIXED;
        CAPTURE(next);
        player.call(7, round == 0 ? "first" : "second");  // rings in the successor
        const plugin::SwapReport report = host.swap_file("mixed", next);
        CHECK_MESSAGE(report.outcome == plugin::SwapOutcome::committed, report.reason);
        CHECK(report.leftovers.empty());
        CHECK(player.call(6, "").text.find(round % 2 == 0 ? ", libc++" : ", libstdc++") !=
              std::string::npos);
        sum += ++count;
        CHECK(player.call(2, "b").text == std::to_string(count) + " " + std::to_string(sum));
        host.advance_ms(20);
        CHECK(player.call(7, "second").text == (round == 0 ? "1" : "2"));
        host.advance_ms(20);
        check_flatbuffers(player);
        CHECK_FALSE(player.closed_by_host());
    }
}

TEST_CASE(
    "an interface that both were compiled with is the same in both, however they name its parts") {
    if (is_absent()) return;
    // g++ says the inline namespace, clang does not.
    const plugin::InterfaceSide ours{"ours", MIXED, {{"mixed.wide/1", "wide::v1::Wide", false}}};
    const plugin::InterfaceSide theirs{"theirs", foreign, {{"mixed.wide/1", "wide::Wide", false}}};
    for (const auto& shared :
         {plugin::check_versions(ours, theirs), plugin::check_versions(theirs, ours)}) {
        REQUIRE(shared.size() == 1);
        const auto& differences = shared.front().differences;
        REQUIRE_MESSAGE(differences.has_value(),
                        (differences ? std::string{} : differences.error().message));
        for (const auto& one : *differences) FAIL_CHECK(one.what, ": ", one.in_one, one.in_other);
    }
}
