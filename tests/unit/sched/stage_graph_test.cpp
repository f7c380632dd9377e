// StageGraph: the order of systems, circles, and who conflicts with whom.
#include "host/sched/stage_graph.h"

#include <doctest/doctest.h>

using namespace gantry;
using namespace gantry::sched;

namespace {

System named(std::string name, std::vector<std::string> before = {},
             std::vector<std::string> after = {}, Stage stage = Stage::update) {
    System system;
    system.name = std::move(name);
    system.stage = stage;
    system.before = std::move(before);
    system.after = std::move(after);
    return system;
}

std::string order(std::vector<System> systems, Stage stage = Stage::update) {
    const auto graph = StageGraph::build(std::move(systems));
    if (!graph) return graph.error().message;
    std::string text;
    for (const System& system : graph->stage(stage)) text += system.name + ' ';
    return text;
}

}  // namespace

TEST_CASE("systems keep the order given where nothing else is said") {
    CHECK(order({}) == "");
    CHECK(order({named("a"), named("b"), named("c")}) == "a b c ");
}

TEST_CASE("before and after move only what they must") {
    CHECK(order({named("a", {}, {"c"}), named("b"), named("c")}) == "b c a ");
    CHECK(order({named("a"), named("b"), named("c", {"a"})}) == "b c a ");
    CHECK(order({named("a", {}, {"b"}), named("b", {"a"})}) == "b a ");
    CHECK(order({named("a", {"absent"}, {"missing"}), named("b")}) == "a b ");
}

TEST_CASE("each stage has its own systems and its own order") {
    std::vector<System> systems = {
        named("late", {}, {}, Stage::cleanup), named("out", {}, {}, Stage::send), named("move"),
        named("in", {}, {}, Stage::receive), named("out_first", {"out"}, {}, Stage::send)};
    CHECK(order(systems, Stage::receive) == "in ");
    CHECK(order(systems, Stage::update) == "move ");
    CHECK(order(systems, Stage::send) == "out_first out ");
    CHECK(order(systems, Stage::cleanup) == "late ");
    CHECK(order({named("x", {}, {}, Stage{9})}) == "x names no stage");
}

TEST_CASE("a circle is refused with the names on it, and not with those that only wait for it") {
    const std::string text =
        order({named("tail", {}, {"a"}), named("a", {"b"}), named("b", {"c"}), named("c", {"a"})});
    CHECK(text.find("circle: ") != std::string::npos);
    CHECK(text.find("a before b before c before a") + 1 +
              text.find("b before c before a before b") + 1 +
              text.find("c before a before b before c") + 1 >
          0);
    CHECK(text.find("tail") == std::string::npos);
}

TEST_CASE("systems conflict when one writes what the other touches") {
    const auto touching = [](std::vector<std::uint32_t> reads, std::vector<std::uint32_t> writes) {
        System system;
        system.reads = std::move(reads);
        system.writes = std::move(writes);
        return system;
    };
    CHECK_FALSE(conflict(touching({1, 2}, {}), touching({1, 2}, {})));
    CHECK(conflict(touching({1}, {}), touching({}, {1})));
    CHECK(conflict(touching({}, {1}), touching({1}, {})));
    CHECK(conflict(touching({}, {1}), touching({}, {1})));
    CHECK_FALSE(conflict(touching({1}, {2}), touching({1}, {3})));
}
