// The relaxed JSON reader: what it allows beside JSON, and how it refuses the rest.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "host/manifest/parser.h"
#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using namespace gantry::manifest;

namespace {

/// Compact text of what `text` holds, or "error " and the one diagnostic.
std::string parsed(const std::string& text) {
    Diagnostics diagnostics;
    const auto node = parse(text, 0, "f", diagnostics);
    return node ? to_text(*node) : "error " + diagnostics.text();
}

}  // namespace

TEST_CASE("comments of both kinds vanish, and what looks like one inside a text stays") {
    CHECK(parsed("// first\n{ /* second\n line */ \"a\": 1 // third\n}\n// last") == R"({"a":1})");
    CHECK(parsed(R"({"url": "http://x/*y*/z"})") == R"({"url":"http://x/*y*/z"})");
    CHECK(parsed("[1,/**/2/***/]") == "[1,2]");
    CHECK(parsed("/* never closed") == "error f:1:1: this comment has no end: */ is missing");
    CHECK(parsed("[/]") == "error f:1:2: found '/', which begins neither // nor /*");
}

TEST_CASE("trailing commas are allowed at every nesting, also with a comment after them") {
    CHECK(parsed("[1, 2,]") == "[1,2]");
    CHECK(parsed(R"({"a": [1, [2, ], ], "b": {"c": {"d": 1, }, }, })") ==
          R"({"a":[1,[2]],"b":{"c":{"d":1}}})");
    CHECK(parsed("[1, // one\n 2, /* two */\n]") == "[1,2]");
    CHECK(parsed("{\"a\": 1, // last\n}") == R"({"a":1})");
}

TEST_CASE("one comma too many, or a missing one, is refused with its place") {
    CHECK(parsed("[,]").starts_with("error f:1:2: found ','"));
    CHECK(parsed("[1,,2]").starts_with("error f:1:4: found ','"));
    CHECK(parsed("{,}").starts_with("error f:1:2: found ','"));
    CHECK(parsed("[1\n 2]") == "error f:2:2: found '2' where ',' or ']' should stand");
    CHECK(parsed("{\"a\": 1\n\n  \"b\": 2}") ==
          "error f:3:3: found '\"' where ',' or '}' should stand");
}

TEST_CASE("a duplicate key is an error that names both places") {
    CHECK(parsed("{\"a\": 1,\n \"b\": 2, \"a\": 3}") ==
          "error f:2:10: the key \"a\" stands twice in this object, first in line 1, column 2");
    CHECK(parsed(R"([{"a": 1}, {"a": 2}])") == R"([{"a":1},{"a":2}])");
}

TEST_CASE("64 levels are read, 65 and 100,000 give one clear error and nothing else") {
    const auto nested = [](std::size_t levels, char open, char close) {
        return std::string(levels, open) + std::string(levels, close);
    };
    CHECK(parsed(nested(64, '[', ']')) == nested(64, '[', ']'));
    CHECK(parsed(nested(65, '[', ']')) == "error f:1:65: nested deeper than 64 levels");
    CHECK(parsed(nested(100'000, '[', ']')) == "error f:1:65: nested deeper than 64 levels");

    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":\n";
    CHECK(parsed(objects) == "error f:65:1: nested deeper than 64 levels");

    const auto whole = test::load_text(nested(100'000, '[', ']'));
    CHECK_FALSE(whole);
    CHECK(whole.errors == "m.json:1:65: nested deeper than 64 levels");
}

TEST_CASE("texts keep their escapes' meaning and refuse what JSON does") {
    CHECK(parsed(R"("\u0041\n\t\"\\\/")") == "\"A\\n\\u0009\\\"\\\\/\"");
    CHECK(parsed(R"("\ud83d\ude00")") == "\"\xf0\x9f\x98\x80\"");
    CHECK(parsed(R"("\ud83d")").ends_with("half of a surrogate pair"));
    CHECK(parsed(R"("\ud83dA")").ends_with("half of a surrogate pair"));
    CHECK(parsed(R"("\ude00")").ends_with("half of a surrogate pair"));
    CHECK(parsed(R"("\u12g4")").ends_with("\\u needs four hexadecimal digits"));
    CHECK(parsed(R"("a\u0000b")") == "error f:1:3: \\u0000 is not allowed");
    CHECK(parsed(R"("\x41")").starts_with("error f:1:2: unknown escape"));
    CHECK(parsed("\"a\nb\"") == "error f:1:1: this text has no closing quote in its line");
    CHECK(parsed("\"a\tb\"") == "error f:1:3: byte 0x09 inside a text; write it as \\u0009");
    CHECK(parsed("'a'").starts_with("error f:1:1: found '''"));
    CHECK(parsed("{a: 1}") ==
          "error f:1:2: found 'a' where a key in double quotes or '}' should stand");
    CHECK(parsed("[tcp]") ==
          "error f:1:2: found 'tcp' where a value or ']' should stand; a text needs double quotes");
}

TEST_CASE("bytes that are no UTF-8 are refused with their place") {
    for (const std::string bad : {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                  "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xff"}) {
        CAPTURE(bad.size());
        CHECK(parsed("\"ab" + bad + "\"").starts_with("error f:1:4: byte 0x"));
    }
    CHECK(parsed("\"\xc3\xa4\xe2\x82\xac\"") == "\"\xc3\xa4\xe2\x82\xac\"");
    CHECK(parsed("\xef\xbb\xbf[1]") == "[1]");
}

TEST_CASE("numbers are those of JSON, kept digit by digit") {
    CHECK(parsed("[0, -1, 1.50, 1e9, 123456789012345678901234567890]") ==
          "[0,-1,1.50,1e9,123456789012345678901234567890]");
    for (const std::string bad : {"01", "1.", "-", "1e", "0x10", "1_000", "-NaN", "1.2.3"}) {
        CAPTURE(bad);
        CHECK(parsed("[" + bad + "]") == "error f:1:2: '" + bad + "' is no number of JSON");
    }
    CHECK(parsed("[.5]").starts_with("error"));
    CHECK(parsed("[NaN]").starts_with("error"));
    CHECK(parsed("[truely]").starts_with("error"));
    CHECK(parsed("[true, false, null]") == "[true,false,null]");
}

TEST_CASE("a text that ends early or goes on after its end is refused") {
    CHECK(parsed("").starts_with("error f:1:1: found the end of the file where the document"));
    CHECK(parsed("  // only a comment").starts_with("error f:1:20: found the end of the file"));
    CHECK(parsed("{\"a\": [1, 2") ==
          "error f:1:12: the file ends inside the array that began in line 1, column 7");
    CHECK(parsed("{\"a\" 1}") == "error f:1:6: found '1' where ':' should follow the key \"a\"");
    CHECK(parsed("{\"a\":}").starts_with("error f:1:6: found '}' where the value of \"a\""));
    CHECK(parsed("{} {}") == "error f:1:4: found '{' after the end of the document");
    const std::string zero{"[1,\0 2]", 7};
    CHECK(parsed(zero) == "error f:1:4: found byte 0x00 where a value or ']' should stand");
}
