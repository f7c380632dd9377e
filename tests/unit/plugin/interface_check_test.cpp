#include "host/plugin/interface_check.h"

#include <doctest/doctest.h>

using namespace gantry::plugin;
using gantry::platform::DebugType;
using gantry::platform::DebugTypes;

namespace {

DebugType interface(std::vector<std::string> functions, std::vector<std::string> mentions = {}) {
    DebugType type;
    type.bytes = 8;
    for (std::size_t i = 0; i < functions.size(); ++i) {
        type.slots.push_back({i, std::move(functions[i])});
    }
    type.mentions = std::move(mentions);
    return type;
}

DebugType record(std::vector<DebugType::Field> fields, std::uint64_t bytes) {
    DebugType type;
    type.bytes = bytes;
    type.fields = std::move(fields);
    return type;
}

/// "slot 1 of Score: int add(long) / int add(int)", one line each.
std::string told(const DebugTypes& provider, const DebugTypes& user) {
    std::string text;
    for (const auto& one : compare_interface(provider, "game::Score", user, "game::Score")) {
        text += one.what + ": " + one.in_one + " / " + one.in_other + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("functions that changed place or parameters are told with their slot") {
    const DebugTypes old{{"game::Score", interface({"void reset()", "int add(int)"})}};
    CHECK(told(old, old).empty());
    const DebugTypes turned{{"game::Score", interface({"int add(int)", "void reset()"})}};
    CHECK(told(turned, old) ==
          "slot 0 of Score: int add(int) / void reset()\nslot 1 of Score: void reset() / int "
          "add(int)\n");
}

TEST_CASE("the provider may have more functions than the user knows, but not fewer") {
    const DebugTypes two{{"game::Score", interface({"void reset()", "int add(int)"})}};
    const DebugTypes one{{"game::Score", interface({"void reset()"})}};
    CHECK(told(two, one).empty());
    CHECK(told(one, two) == "slot 1 of Score: nothing / int add(int)\n");
}

TEST_CASE("what is passed counts when both know it whole") {
    const auto score = interface({"void note(Note const&)"}, {"Note"});
    const DebugTypes one{{"game::Score", score},
                         {"Note", record({{0, "a", "int"}, {4, "b", "float"}}, 8)}};
    const DebugTypes other{{"game::Score", score},
                           {"Note", record({{0, "a", "int"}, {4, "b", "int"}}, 8)}};
    CHECK(told(one, other) == "Note at byte 4: float b / int b\n");
    CHECK(told(one, {{"game::Score", score}}).empty());
    // Nobody passes it: it is none of the interface's.
    DebugTypes beside = other;
    beside["game::Score"].mentions.clear();
    DebugTypes here = one;
    here["game::Score"].mentions.clear();
    CHECK(told(here, beside).empty());
}

TEST_CASE("numbers of an enumeration may be added, not changed") {
    const auto score = interface({"void set(Kind)"}, {"Kind"});
    DebugType kind;
    kind.is_enum = true;
    kind.bytes = 1;
    kind.fields = {{0, "red", ""}, {1, "green", ""}};
    DebugTypes one{{"game::Score", score}, {"Kind", kind}};
    DebugTypes other = one;
    other["Kind"].fields.push_back({2, "blue", ""});
    CHECK(told(one, other).empty());
    other["Kind"].fields[1].offset = 3;
    CHECK(told(one, other) == "Kind::green: 1 / 3\n");
}

TEST_CASE("what two compilers spell differently is the same") {
    const auto score = interface({"void note(Note const&)"}, {"Note"});
    const DebugTypes one{{"game::Score", score}, {"Note", record({{0, "a", "Box<3>"}}, 8)}};
    const DebugTypes other{{"game::Score", score}, {"Note", record({{0, "a", "Box<3U>"}}, 8)}};
    CHECK(told(one, other).empty());
}

TEST_CASE("a library that is not there is an error that names its side") {
    const InterfaceSide one{"one@1.0.0#1", "/nowhere/one.so", {{"game.score/1", "Score", true}}};
    const InterfaceSide other{"other@1.0.0#1", "/nowhere/o.so", {{"game.score/1", "Score", false}}};
    const auto shared = check_neighbours(one, other);
    REQUIRE(shared.size() == 1);
    CHECK(shared[0].title() == "Score (game.score/1)");
    REQUIRE_FALSE(shared[0].differences);
    CHECK(shared[0].differences.error().message.find("one@1.0.0#1: ") == 0);
    CHECK(check_neighbours(one, one).empty());  // two that offer it never meet in it
}
