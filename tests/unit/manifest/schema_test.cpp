// The schema check: every error says where, what was found, what is allowed and what was meant.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using test::load_text;

TEST_CASE("a mistyped word names its place, the allowed ones and the likely one") {
    CHECK(
        load_text("{\"listeners\": [\n  {\"name\": \"a\",\n   \"framing\": \"gantri\"}]}").errors ==
        "m.json:3:15: /listeners/0/framing: found \"gantri\", allowed: \"gantry\", \"u16le\", "
        "\"u16be\", \"u32le\", \"u32be\", \"line\"; did you mean \"gantry\"?");
    CHECK(load_text(R"({"listeners": [{"name": "a", "balance": "banana"}]})").errors ==
          "m.json:1:41: /listeners/0/balance: found \"banana\", allowed: \"kernel\", "
          "\"round_robin\", \"least\", \"hash\"");
}

TEST_CASE("a mistyped key is pointed at and corrected") {
    CHECK(
        load_text(R"({"listeners": [{"name": "a", "framming": "line"}]})").errors ==
        "m.json:1:30: /listeners/0/framming: unknown key \"framming\"; did you mean \"framing\"?");
    CHECK(load_text(R"({"listenrs": []})").errors ==
          "m.json:1:2: /listenrs: unknown key \"listenrs\"; did you mean \"listeners\"?\n"
          "m.json:1:1: \"listeners\" is missing");
    CHECK(load_text(R"({"listeners": [], "log": {"colour": true}})").errors ==
          "m.json:1:27: /log/colour: unknown key \"colour\", allowed: \"level\"");
}

TEST_CASE("a key that the object has already is not what was meant") {
    CHECK(load_text(R"({"listeners": [], "drop": {"folder": "p", "folders": "q"}})")
              .errors.find("did you mean") == std::string::npos);
}

TEST_CASE("all errors are told, not only the first") {
    const std::string errors = load_text(R"({
        "shards": "two",
        "listeners": [
            {"port": 70000},
            {"name": "a", "world": "nowhere", "idle_ms": 1.5},
        ],
        "plugins": [{"name": "p", "required": 1}],
    })")
                                   .errors;
    CHECK(
        errors ==
        "m.json:2:19: /shards: found \"two\", allowed: a whole number from 0 to 256\n"
        "m.json:4:22: /listeners/0/port: found 70000, allowed: a whole number from 0 to 65535\n"
        "m.json:4:13: /listeners/0: \"name\" is missing\n"
        "m.json:5:58: /listeners/1/idle_ms: found 1.5, allowed: a whole number from 0 to 86400000\n"
        "m.json:7:47: /plugins/0/required: found 1, allowed: true or false\n"
        "m.json:5:36: /listeners/1/world: there is no world \"nowhere\"; the manifest has no "
        "worlds");
}

TEST_CASE("the list of errors has an end") {
    std::string text = "{\"listeners\": [";
    for (int i = 0; i < 200; ++i) text += "7,";
    const std::string errors = load_text(text + "]}").errors;
    CHECK(errors.ends_with("/listeners/49: found 7, allowed: an object\nand 150 more errors"));
}

TEST_CASE("kinds are told apart by name") {
    CHECK(load_text(R"({"listeners": {}})").errors ==
          "m.json:1:15: /listeners: found an object, allowed: an array");
    CHECK(load_text(R"({"listeners": [[]]})").errors ==
          "m.json:1:16: /listeners/0: found an array, allowed: an object");
    CHECK(load_text(R"({"listeners": [], "log": null})").errors ==
          "m.json:1:26: /log: found null, allowed: an object");
    CHECK(load_text(R"({"listeners": [], "worlds": [{"name": "w", "tick_hz": 0}]})").errors ==
          "m.json:1:55: /worlds/0/tick_hz: found 0, allowed: a number from 0.1 to 1000");
    CHECK(load_text(R"({"listeners": [], "worlds": [{"name": "w", "tick_hz": 1e999}]})").errors ==
          "m.json:1:55: /worlds/0/tick_hz: found 1e999, allowed: a number from 0.1 to 1000");
}

TEST_CASE("lengths have limits, and long values are shortened in messages") {
    CHECK(load_text(R"({"listeners": [], "name": ""})").errors ==
          "m.json:1:27: /name: found an empty text");
    CHECK(load_text("{\"listeners\": [], \"name\": \"" + std::string(49, 'x') + "\"}").errors ==
          "m.json:1:27: /name: found a text of 49 bytes, allowed: at most 48");
    const std::string long_word(100'000, 'x');
    CHECK(load_text("{\"listeners\": [], \"shards\": \"" + long_word + "\"}").errors.size() < 200);
    std::string many = "{\"listeners\": [], \"worlds\": [";
    for (int i = 0; i < 4097; ++i) many += "{\"name\": \"w" + std::to_string(i) + "\"},";
    CHECK(load_text(many + "]}").errors ==
          "m.json:1:29: /worlds: found 4097 items, allowed: at most 4096");
}

TEST_CASE("a path step with a slash or a tilde is escaped, control characters are shown") {
    CHECK(load_text(R"({"listeners": [], "a/b~c": 1})")
              .errors.starts_with("m.json:1:19: /a~1b~0c: unknown key \"a/b~c\""));
    CHECK(load_text(R"({"listeners": [], "a\nb\u001b": 1})")
              .errors.starts_with("m.json:1:19: /a\\x0ab\\x1b: unknown key"));
}

TEST_CASE("the schema that is built in is the file in config/") {
    const auto file = manifest::system_source().read_file("config/manifest.schema.json", 1 << 20);
    REQUIRE(file);
    CHECK(*file == manifest::manifest_schema());
}
