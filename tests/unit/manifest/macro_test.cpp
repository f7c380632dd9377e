// Macros and the environment in manifests.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using test::load_text;

namespace {

std::string with_name(const std::string& macros, const std::string& name) {
    return "{\"$MACRO$\": " + macros + ",\n\"name\": " + name + ",\n\"listeners\": []}";
}

/// The name after its macros are filled in, or the errors.
std::string name_of(const std::string& macros, const std::string& name, test::Texts env = {}) {
    const auto outcome = load_text(with_name(macros, name), std::move(env));
    return outcome ? outcome->name : outcome.errors;
}

}  // namespace

TEST_CASE("a macro is used alone, inside a longer text, and beside another") {
    const std::string macros = R"({"$IP$": "127.0.0.1", "port": 8888})";
    CHECK(name_of(macros, R"("$IP$")") == "127.0.0.1");
    CHECK(name_of(macros, R"("at-$IP$-on")") == "at-127.0.0.1-on");
    CHECK(name_of(macros, R"("$IP$$port$")") == "127.0.0.18888");
    CHECK(name_of(macros, R"("p$port$")") == "p8888");
}

TEST_CASE("a number macro alone in quotes becomes a bare number, a boolean one a boolean") {
    const auto outcome = load_text(R"({
        "$MACRO$": {"$PORT$": 8888, "$DEFLATE$": false, "$HZ$": 12.5},
        "listeners": [{"name": "a", "port": "$PORT$", "ws": {"permessage_deflate": "$DEFLATE$"}}],
        "worlds": [{"name": "w", "tick_hz": "$HZ$"}],
    })");
    REQUIRE_MESSAGE(outcome, outcome.errors);
    CHECK(outcome->listeners[0].port == 8888);
    CHECK_FALSE(outcome->listeners[0].ws.permessage_deflate);
    CHECK(outcome->worlds[0].tick_hz == 12.5);
}

TEST_CASE("a text macro where a number is due stays a text and is refused") {
    const auto outcome = load_text(
        R"({"$MACRO$": {"PORT": "8888"}, "listeners": [{"name": "a", "port": "$PORT$"}]})");
    CHECK(
        outcome.errors ==
        "m.json:1:67: /listeners/0/port: found \"8888\", allowed: a whole number from 0 to 65535");
}

TEST_CASE("an unknown macro is an error with its line and what was meant") {
    CHECK(name_of(R"({"$IP$": "x"})", R"("$IPP$")") ==
          "m.json:2:9: /name: unknown macro $IPP$: \"$MACRO$\" defines macros above their use, and "
          "\"$$\" stands for a dollar sign; did you mean \"IP\"?");
    CHECK(name_of("{}", R"("a $x$ b")").starts_with("m.json:2:9: /name: unknown macro $x$:"));
}

TEST_CASE("a doubled dollar sign is one, and a lone one stands for itself") {
    CHECK(load_text(R"({"listeners": [{"name": "a", "options": {
        "a": "$$IP$$", "b": "5$", "c": "$ 5 $", "d": "$5$", "e": "$", "f": "a$b"}}]})")
              ->listeners[0]
              .options ==
          std::map<std::string, std::string>{
              {"a", "$IP$"}, {"b", "5$"}, {"c", "$ 5 $"}, {"d", "$5$"}, {"e", "$"}, {"f", "a$b"}});
}

TEST_CASE("a macro may use those above it and no others") {
    CHECK(name_of(R"({"a": "x", "b": "$a$y"})", R"("$b$")") == "xy");
    CHECK(name_of(R"({"b": "$a$y", "a": "x"})", R"("$b$")")
              .starts_with("m.json:1:19: /$MACRO$/b: unknown macro $a$"));
    CHECK(name_of(R"({"a": "$a$"})", R"("x")")
              .starts_with("m.json:1:19: /$MACRO$/a: unknown macro $a$"));
}

TEST_CASE("what a macro may be is checked") {
    CHECK(name_of(R"({"a": [1]})", R"("x")") ==
          "m.json:1:19: /$MACRO$/a: found an array, allowed: a text, a number or a boolean");
    CHECK(name_of(R"({"a b": 1})", R"("x")").starts_with("m.json:1:21: /$MACRO$/a b: a macro's"));
    CHECK(name_of(R"({"$a$": 1, "a": 2})", R"("x")")
              .ends_with("/$MACRO$/a: the macro a is defined twice"));
    CHECK(name_of("7", R"("x")") == "m.json:1:13: /$MACRO$: found 7, allowed: an object");
}

TEST_CASE("the environment fills in, with a default where it is unset or empty") {
    CHECK(name_of("{}", R"("${WHO}")", {{"WHO", "me"}}) == "me");
    CHECK(name_of("{}", R"("a-${WHO}-b")", {{"WHO", "me"}}) == "a-me-b");
    CHECK(name_of("{}", R"("${WHO:-you}")") == "you");
    CHECK(name_of("{}", R"("${WHO:-you}")", {{"WHO", ""}}) == "you");
    CHECK(name_of(R"({"N": "${WHO:-me}"})", R"("$N$")") == "me");
    CHECK(name_of("{}", R"("${WHO}")") ==
          "m.json:2:9: /name: the environment variable WHO is not set; ${WHO:-default} would give "
          "it a default");
    CHECK(name_of("{}", R"("${WHO")") == "m.json:2:9: /name: \"${\" without its \"}\"");
    CHECK(name_of("{}", R"("${a b}")").ends_with("allowed are ${NAME} and ${NAME:-default}"));
}

TEST_CASE("what the environment says is not searched for macros again") {
    const auto outcome = load_text(R"({"listeners": [{"name": "a", "options": {"x": "${WHO}"}}]})",
                                   {{"WHO", "$IP$ ${HOME}"}});
    REQUIRE_MESSAGE(outcome, outcome.errors);
    CHECK(outcome->listeners[0].options.at("x") == "$IP$ ${HOME}");
}

TEST_CASE("an environment variable alone in quotes gives a number where one is due") {
    const std::string text =
        R"({"listeners": [{"name": "a", "port": "${PORT:-4000}", "ws": {"permessage_deflate": "${D:-true}"}}]})";
    CHECK(load_text(text)->listeners[0].port == 4000);
    CHECK(load_text(text, {{"PORT", "5000"}})->listeners[0].port == 5000);
    CHECK_FALSE(load_text(text, {{"D", "false"}})->listeners[0].ws.permessage_deflate);
    CHECK(
        load_text(text, {{"PORT", "many"}}).errors ==
        "m.json:1:38: /listeners/0/port: found \"many\", allowed: a whole number from 0 to 65535");
    CHECK(load_text(text, {{"PORT", "99999"}}).errors ==
          "m.json:1:38: /listeners/0/port: found 99999, allowed: a whole number from 0 to 65535");
}

TEST_CASE("macros that double each other are stopped by a limit") {
    std::string macros = R"({"m0": "0123456789")";
    for (int i = 1; i < 40; ++i) {
        const std::string before = std::to_string(i - 1);
        macros += ", \"m" + std::to_string(i) + "\": \"$m" + before + "$$m" + before + "$\"";
    }
    const std::string errors = name_of(macros + "}", R"("x")");
    CHECK(errors.find("macros add more than 4194304 bytes") != std::string::npos);
    CHECK(errors.size() < 10'000);
}
