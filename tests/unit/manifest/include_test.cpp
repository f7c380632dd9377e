// Includes: merging, cycles, limits, and places that name the right file.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "host/manifest/compose.h"
#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using test::load;

TEST_CASE("the including file overrides what it includes, and objects are merged") {
    const auto outcome = load({
        {"m.json", R"({"include": ["base.json", "more.json"], "name": "own",
                       "limits": {"credit_messages": 7}, "listeners": []})"},
        {"base.json", R"({"name": "base", "shards": 3, "workers": 3,
                          "limits": {"connections_max": 5, "credit_messages": 6}})"},
        {"more.json", R"({"workers": 4, "limits": {"unknown_ids_max": 8}})"},
    });
    REQUIRE_MESSAGE(outcome, outcome.errors);
    CHECK(outcome->name == "own");
    CHECK(outcome->shards == 3);
    CHECK(outcome->workers == 4);
    CHECK(outcome->limits.connections_max == 5);
    CHECK(outcome->limits.credit_messages == 7);
    CHECK(outcome->limits.unknown_ids_max == 8);
}

TEST_CASE("arrays are replaced whole, and macros of an included file are known") {
    const auto outcome = load({
        {"m.json", R"({"include": ["base.json"], "listeners": [{"name": "$N$"}]})"},
        {"base.json", R"({"$MACRO$": {"N": "x"}, "listeners": [{"name": "a"}, {"name": "b"}]})"},
    });
    REQUIRE_MESSAGE(outcome, outcome.errors);
    REQUIRE(outcome->listeners.size() == 1);
    CHECK(outcome->listeners[0].name == "x");
}

TEST_CASE("an include is relative to the file that names it") {
    const auto outcome = load({
        {"m.json", R"({"include": ["sub/one.json"], "listeners": []})"},
        {"sub/one.json", R"({"include": ["../sub/two.json"]})"},
        {"sub/two.json", R"({"name": "two"})"},
    });
    REQUIRE_MESSAGE(outcome, outcome.errors);
    CHECK(outcome->name == "two");
}

TEST_CASE("files that include each other are refused, and the circle is printed") {
    CHECK(load({{"m.json", R"({"include": ["a.json"], "listeners": []})"},
                {"a.json", R"({"include": ["b.json"]})"},
                {"b.json", "{\n\"include\": [\"./x/../a.json\"]}"}})
              .errors ==
          "b.json:2:13: /include/0: these files include each other: a.json -> "
          "b.json -> a.json");
    CHECK(load({{"m.json", R"({"include": ["m.json"]})"}})
              .errors.ends_with("these files include each other: m.json -> m.json"));
}

TEST_CASE("the same file twice, side by side, is no circle") {
    CHECK(load({{"m.json", R"({"include": ["a.json", "b.json"], "listeners": []})"},
                {"a.json", R"({"include": ["c.json"]})"},
                {"b.json", R"({"include": ["c.json"]})"},
                {"c.json", R"({"name": "c"})"}})
              ->name == "c");
}

TEST_CASE("errors name the file that they stand in") {
    CHECK(load({{"m.json", R"({"include": ["a.json"], "listeners": []})"},
                {"a.json", "{\n  \"shards\": -1}"}})
              .errors == "a.json:2:13: /shards: found -1, allowed: a whole number from 0 to 256");
    CHECK(load({{"m.json", R"({"include": ["a.json"]})"}, {"a.json", "{]"}})
              .errors.starts_with("a.json:1:2: found ']'"));
    CHECK(load({{"m.json", R"({"include": ["gone.json"]})"}}).errors ==
          "m.json:1:14: /include/0: gone.json: there is no such file");
    CHECK(load({{"m.json", R"({"include": "a.json"})"}}).errors ==
          "m.json:1:13: /include: found \"a.json\", allowed: an array of file names");
    CHECK(load({{"m.json", R"({"include": [7]})"}}).errors ==
          "m.json:1:14: /include/0: found 7, allowed: a file name");
    CHECK(load({{"m.json", "[]"}}).errors == "m.json:1:1: found an array, allowed: an object");
    CHECK(load({}).errors == "m.json: there is no such file");
}

TEST_CASE("depth and number of files have limits") {
    test::Texts chain{{"m.json", R"({"include": ["f0.json"]})"}};
    for (int i = 0; i < 40; ++i) {
        chain["f" + std::to_string(i) + ".json"] =
            "{\"include\": [\"f" + std::to_string(i + 1) + ".json\"]}";
    }
    CHECK(load(chain).errors ==
          "f14.json:1:14: /include/0: includes are nested deeper than 16 files");

    std::string wide = "{\"include\": [";
    for (int i = 0; i < 100; ++i) wide += "\"a.json\",";
    CHECK(load({{"m.json", wide + "]}"}, {"a.json", "{}"}})
              .errors.ends_with("/include/63: more than 64 files are included"));

    // Each level includes the next twice: 2^15 files without the limit.
    test::Texts tree{{"m.json", R"({"include": ["f0.json", "f0.json"]})"}};
    for (int i = 0; i < 15; ++i) {
        const std::string next = "f" + std::to_string(i + 1) + ".json";
        tree["f" + std::to_string(i) + ".json"] =
            "{\"include\": [\"" + next + "\", \"" + next + "\"]}";
    }
    tree["f14.json"] = "{}";
    CHECK(load(tree).errors.find("more than 64 files are included") != std::string::npos);
}

TEST_CASE("the files together have a size limit") {
    const std::string blank(3 * 1024 * 1024, ' ');
    CHECK(load({{"m.json", R"({"include": ["a.json", "b.json"]})"},
                {"a.json", "{}" + blank},
                {"b.json", "{}" + blank}})
              .errors ==
          "m.json:1:24: /include/1: b.json: the manifest's files are together "
          "larger than 4194304 bytes");
}

TEST_CASE("the file system's reader refuses folders, absent and large files with a sentence") {
    const auto source = manifest::system_source();
    const auto folder =
        std::filesystem::temp_directory_path() / ("gantry-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string file = (folder / "m.json").string();
    std::ofstream{file} << "{\"listeners\": []}";

    CHECK(manifest::load_manifest(file));
    CHECK(source.read_file(file, 17).has_value());
    CHECK(source.read_file(file, 16).error().status == Status::limit);
    CHECK(source.read_file(folder.string(), 10).error().message ==
          folder.string() + ": this is no regular file");
    CHECK(source.read_file(file + "x", 10).error().message == file + "x: there is no such file");
    std::filesystem::remove_all(folder);
}
