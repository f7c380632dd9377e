// JSON of the admin listener: whole, and safe with any bytes.
#include "host/admin/json.h"

#include <doctest/doctest.h>

#include <string>

using namespace gantry;
using namespace gantry::admin;

TEST_CASE("a plugin, a swap and an event are written member by member") {
    PluginInfo plugin;
    plugin.name = "arena";
    plugin.version = "1.0.0";
    plugin.generation = 3;
    plugin.facets = {"world"};
    plugin.required = true;
    CHECK(
        to_json(std::vector{plugin}) ==
        R"({"plugins":[{"name":"arena","version":"1.0.0","generation":3,"state":"",)"
        R"("facets":["world"],"file":"","build_id":"","required":true,"since_unix_ms":0,"error":"",)"
        R"("trial":"","trial_worlds":[],"trial_with":[]}]})");

    const SwapReport report{4,
                            "arena",
                            "arena@1.0.0#1",
                            "arena@3.0.0#2",
                            SwapOutcome::rolled_back,
                            "it threw",
                            {{"load", 1.5}},
                            {"timer x"},
                            9,
                            true,
                            {"it runs in 1 world"},
                            {"arena: version 1.0.0 -> 3.0.0"},
                            11};
    CHECK(to_json(report) ==
          R"({"ticket":4,"plugin":"arena","from":"arena@1.0.0#1","to":"arena@3.0.0#2",)"
          R"("outcome":"rolled_back","reason":"it threw","steps":[{"name":"load","ms":1.5}],)"
          R"("leftovers":["timer x"],"notes":["it runs in 1 world"],)"
          R"("changes":["arena: version 1.0.0 -> 3.0.0"],"at_unix_ms":9,"ended_unix_ms":11,)"
          R"("settled":true})");

    IncidentInfo incident{7, "rollback", "arena@3.0.0#2", "it threw", "on<Move>", "", {}, {}};
    incident.stack_note = "it is gone";
    incident.live_ms = 1.5;
    incident.changes = {"new route 3: message 3"};
    CHECK(to_json(std::vector{incident}) ==
          R"({"incidents":[{"at_unix_ms":7,"kind":"rollback","plugin":"arena@3.0.0#2",)"
          R"("what":"it threw","where":"on<Move>","went_back_to":"","with":[],"live_ms":1.5,)"
          R"("changes":["new route 3: message 3"],"stack":[],"stack_note":"it is gone"}]})");

    CHECK(to_json(SessionEvent{1, EventKind::received, 2, 3, 4, 5, ""}) ==
          R"({"number":1,"kind":"received","session":2,"at_unix_ms":3,"message_id":4,"bytes":5})");
    CHECK(to_json(SessionEvent{1, EventKind::closed, 2, 3, 0, 0, "idle"}) ==
          R"({"number":1,"kind":"closed","session":2,"at_unix_ms":3,"text":"idle"})");
}

TEST_CASE("bytes that are no UTF-8 are replaced, quotes and controls are escaped") {
    CHECK(error_json("invalid", "a\xff\"\n\x01") ==
          "{\"error\":\"a\xef\xbf\xbd\\\"\\n\\u0001\",\"status\":\"invalid\"}");
}

TEST_CASE("a swap request is read, and each mistake in it has a sentence") {
    CHECK(swap_request(R"({"plugin":"arena","version":"2.0.0"})")->plugins.front().version ==
          "2.0.0");
    CHECK(swap_request(R"({"plugin":"arena","file":"x.so"})")->plugins.front().file == "x.so");
    CHECK(swap_request(R"({"plugin":"arena"})")->plugins.front().plugin == "arena");
    CHECK(swap_request(R"({"file":"x.so"})")->plugins.front().plugin.empty());
    const auto plan = swap_request(
        R"({"plugins":[{"plugin":"rules","version":"2.0.0"},{"file":"bots.so"}],"settle":true})");
    REQUIRE(plan);
    REQUIRE(plan->plugins.size() == 2);
    CHECK(plan->plugins[0].version == "2.0.0");
    CHECK(plan->plugins[1].file == "bots.so");
    CHECK(plan->settle);
    const auto refused = [](const std::string& text) {
        const auto result = swap_request(text);
        return result ? std::string{"accepted"} : result.error().message;
    };
    for (const std::string& text :
         {std::string{}, std::string{"[]"}, std::string{"{"}, std::string{"7"},
          std::string(60'000, '['), std::string{"\xff"}}) {
        CHECK(refused(text).starts_with("the body must be an object"));
    }
    CHECK(refused("{}") == "\"plugin\" is missing");
    CHECK(refused(R"({"plugin":""})") == "\"plugin\" is missing");
    CHECK(refused(R"({"worlds":7,"plugin":"a"})") == "worlds is a text");
    for (const char* list : {"[]", "7", "{}"}) {
        CHECK(refused(std::string{R"({"plugins":)"} + list + "}")
                  .starts_with("\"plugins\" is a list"));
    }
    CHECK(refused(R"({"plugins":[7]})") == "\"plugins\" is a list of objects");
    CHECK(refused(R"({"plugins":[{"version":"1"}]})") == "\"plugin\" is missing");
    CHECK(refused(R"({"plugins":[{"plugin":"a","settle":true}]})") ==
          "unknown key \"settle\", allowed: plugin, version, file");
    CHECK(refused(R"({"plugins":[{"plugin":"a"}],"version":"1"})") ==
          "unknown key \"version\", allowed: plugins, worlds, sessions, promote, settle");
    CHECK(refused(R"({"plugin":7})") == "plugin, version and file are texts");
    CHECK(refused(R"({"plugin":"a","versoin":"1"})") ==
          "unknown key \"versoin\", allowed: plugin, version, file, plugins, worlds, sessions, "
          "promote, "
          "settle");
    CHECK(refused(R"({"plugin":"a","version":"1","file":"f"})") ==
          "either version or file, not both");
}
