// The typed Manifest: defaults, a full document, and the way back to JSON.
#include "host/manifest/manifest.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using namespace gantry::manifest;
using test::load_text;

namespace {

/// Reads `manifest`'s own JSON back.
Manifest again(const Manifest& manifest) {
    const auto outcome = load_text(to_json(manifest));
    REQUIRE_MESSAGE(outcome, outcome.errors);
    return *outcome;
}

}  // namespace

TEST_CASE("the schema's defaults are those of the structs") {
    const auto outcome = load_text(R"({
        "listeners": [{"name": "l"}], "worlds": [{"name": "w"}], "plugins": [{"name": "p"}],
        "admin": {"web_roots": [{"folder": "f"}]},
    })");
    REQUIRE_MESSAGE(outcome, outcome.errors);
    Manifest expected;
    expected.listeners.emplace_back().name = "l";
    expected.worlds.emplace_back().name = "w";
    expected.plugins.emplace_back().name = "p";
    expected.admin.web_roots.emplace_back().folder = "f";
    CHECK(*outcome == expected);
}

TEST_CASE("every member of a document arrives in its field") {
    const auto outcome = load_text(R"({
        "name": "n", "log": {"level": "debug"}, "shards": 2, "workers": 3, "room_processors": [1, 3],
        "limits": {"connections_max": 11, "receive_buffer_bytes": 4097, "ring_messages": 17,
                   "mailbox_messages": 18, "credit_messages": 19, "credit_bytes": 2048,
                   "unknown_ids_max": 20, "shutdown_ms": 21},
        "listeners": [{"name": "l", "transport": "ws", "address": "::1", "port": 22,
            "framing": "u32be", "payload_bytes_max": 23, "balance": "least", "backlog": 24,
            "handshake_ms": 25, "idle_ms": 26,
            "queue": {"low_bytes": 27, "high_bytes": 28, "max_bytes": 29},
            "ws": {"path": "/g", "permessage_deflate": false, "origins": ["http://x"], "ping_ms": 30},
            "world": "w", "middleware": ["q", "p"], "options": {"k": "v"}}],
        "worlds": [{"name": "w", "plugins": ["p", "q"], "tick_hz": 31.5, "worker": 1,
                    "catch_up_steps_max": 32, "entities_max": 33}],
        "plugins": [{"name": "p", "file": "p.so", "version_min": "1.4.2", "required": false, "config": {"a": [1, "x"]},
                     "drain_ms": 34, "hold_ms": 35, "at_deadline": "cancel", "probation_ms": 36,
                     "canary": false, "canary_ms": 39},
                    {"name": "q"}],
        "drop": {"folder": "d", "on_drop": "stage", "unload_after_ms": 37},
        "gate": {"allow_libraries": ["libx.so"], "require_signature": true,
                 "keys": ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]},
        "admin": {"enabled": false, "address": "127.0.0.2", "port": 38, "token": "0123456789abcdef",
                  "web_roots": [{"prefix": "/a/", "folder": "f"}]},
    })");
    REQUIRE_MESSAGE(outcome, outcome.errors);

    Manifest m;
    m.name = "n";
    m.log = {"debug"};
    m.shards = 2;
    m.workers = 3;
    m.room_processors = {1, 3};
    m.limits = {11, 4097, 17, 18, 19, 2048, 20, 21};
    Listener l{"l", "ws", "::1", 22,  Framing::u32be, 23,          Balance::least, 24, 25,
               26,  {},   {},    "w", {"q", "p"},     {{"k", "v"}}};
    l.queue = {27, 28, 29};
    l.ws = {"/g", false, {"http://x"}, 30};
    m.listeners = {l};
    m.worlds = {{"w", {"p", "q"}, 31.5, 1, 32, 33}};
    m.plugins = {{"p",
                  "p.so",
                  "1.4.2",
                  false,
                  R"({"a":[1,"x"]})",
                  34,
                  35,
                  AtDeadline::cancel,
                  36,
                  {},
                  OnFault::contain,
                  false,
                  39},
                 {}};
    m.plugins[1].name = "q";
    m.drop = {"d", OnDrop::stage, 37};
    m.gate = {
        {"libx.so"}, true, {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}};
    m.admin = {false, "127.0.0.2", 38, "0123456789abcdef", {{"/a/", "f"}}};
    CHECK(*outcome == m);
    CHECK(again(m) == m);
}

TEST_CASE("a manifest built in C++ survives JSON, also with dollar signs and quotes") {
    Manifest m;
    m.name = "built";
    m.plugins.emplace_back().name = "p";
    m.plugins[0].config = R"({"$k$":"$x$ \"q\" \\ ${E} $$","n":{"m":["$",1.50]}})";
    m.listeners.emplace_back().name = "l";
    m.listeners[0].options = {{"$a$", "$b$"}, {"path", "c:\\x\ny"}};
    CHECK(again(m) == m);
    CHECK(again(again(m)) == m);
}

TEST_CASE("the manifests in config/ are valid") {
    for (const char* path : {"config/arena.json", "config/echo.json", "config/chat.json"}) {
        CAPTURE(path);
        Diagnostics diagnostics;
        const auto loaded = load_manifest(path, system_source(), diagnostics);
        CHECK_MESSAGE(loaded, diagnostics.text());
    }
}

TEST_CASE("a failed load's error holds every diagnostic") {
    const auto source = test::memory_source({{"m.json", R"({"shards": -1, "workers": -1})"}});
    const auto result = load_manifest("m.json", source);
    REQUIRE_FALSE(result);
    CHECK(result.error().status == Status::invalid);
    CHECK(result.error().message ==
          "m.json:1:12: /shards: found -1, allowed: a whole number from 0 to 256\n"
          "m.json:1:27: /workers: found -1, allowed: a whole number from 0 to 256\n"
          "m.json:1:1: \"listeners\" is missing");
}
