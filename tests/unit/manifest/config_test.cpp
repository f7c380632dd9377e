// check_config: a plugin's own schema judges its part of the manifest.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using manifest::check_config;

namespace {

const char* const schema = R"({
    "type": "object", "additionalProperties": false, "required": ["speed"],
    "properties": {
        "speed": {"type": "number", "minimum": 0},
        "bots": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 50},
        "map": {"type": "object", "default": {}, "properties": {
            "size": {"type": "integer", "default": 64}}}
    }
})";

manifest::Loaded loaded(const std::string& config) {
    auto outcome = test::load_text(
        "{\"listeners\": [], \"plugins\": [{\"name\": \"x\"},\n"
        "{\"name\": \"arena\", \"config\": " +
        config + "}]}");
    REQUIRE_MESSAGE(outcome, outcome.errors);
    return std::move(*outcome.loaded);
}

}  // namespace

TEST_CASE("a good config comes back compact, with the schema's defaults") {
    const auto config = check_config(loaded(R"({"speed": 2.5})"), "arena", schema);
    REQUIRE_MESSAGE(config, config.error().message);
    CHECK(*config == R"({"speed":2.5,"bots":50,"map":{"size":64}})");
}

TEST_CASE("a mistyped key of a plugin's config names key, line and suggestion") {
    const auto config = check_config(loaded("{\"speed\": 1,\n  \"botz\": 7}"), "arena", schema);
    REQUIRE_FALSE(config);
    CHECK(config.error().message ==
          "m.json:3:3: /plugins/1/config/botz: unknown key \"botz\"; did you mean \"bots\"?");
}

TEST_CASE("macros work inside a plugin's config") {
    const auto outcome = test::load_text(
        R"({"$MACRO$": {"N": 9}, "listeners": [], "plugins": [{"name": "arena", "config": {"speed": 1, "bots": "$N$"}}]})");
    REQUIRE_MESSAGE(outcome, outcome.errors);
    CHECK(outcome->plugins[0].config == R"({"speed":1,"bots":9})");
    CHECK(*check_config(*outcome.loaded, "arena", schema) ==
          R"({"speed":1,"bots":9,"map":{"size":64}})");
}

TEST_CASE("an unknown plugin and a broken schema are refused by name") {
    const auto document = loaded("{}");
    CHECK(check_config(document, "ghost", schema).error().message ==
          "the manifest has no plugin \"ghost\"");
    CHECK(check_config(document, "arena", "{")
              .error()
              .message.starts_with("the schema of plugin arena:1:2: "));
    CHECK(check_config(document, "arena", "[]").has_value());
}
