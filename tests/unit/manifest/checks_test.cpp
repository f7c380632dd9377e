// The checks beyond the schema: names, references, watermarks, addresses, ports.
#include <doctest/doctest.h>

#include <string>

#include "host/manifest/address.h"
#include "tests/unit/manifest/memory_source.h"

using namespace gantry;
using test::load_text;

namespace {

std::string listener_errors(const std::string& members) {
    return load_text("{\"listeners\": [{\"name\": \"a\", " + members + "}]}").errors;
}

}  // namespace

TEST_CASE("names are unique in their list, and the error names both places") {
    CHECK(load_text("{\"listeners\": [{\"name\": \"a\"},\n {\"name\": \"a\"}]}").errors ==
          "m.json:2:11: /listeners/1/name: \"a\" stands twice in listeners, first in m.json:1:25");
    CHECK(load_text(R"({"listeners": [], "worlds": [{"name": "a"}, {"name": "a"}]})")
              .errors.find("/worlds/1/name: \"a\" stands twice") != std::string::npos);
    CHECK(load_text(R"({"listeners": [], "plugins": [{"name": "a"}, {"name": "a"}]})")
              .errors.find("/plugins/1/name: \"a\" stands twice") != std::string::npos);
    CHECK(load_text(R"({"listeners": [{"name": "a b"}], "name": "../x"})").errors ==
          "m.json:1:42: /name: found \"../x\", allowed: letters, digits, '_', '-' and '.'\n"
          "m.json:1:25: /listeners/0/name: found \"a b\", allowed: letters, digits, '_', '-' and "
          "'.'");
}

TEST_CASE("a world or a plugin that is named must exist") {
    CHECK(load_text(
              R"({"listeners": [{"name": "a", "world": "aren"}], "worlds": [{"name": "arena"}]})")
              .errors ==
          "m.json:1:39: /listeners/0/world: there is no world \"aren\"; did you mean "
          "\"arena\"?");
    CHECK(
        load_text(
            R"({"listeners": [], "worlds": [{"name": "w", "plugins": ["trace"]}], "plugins": [{"name": "x"}, {"name": "y"}]})")
            .errors.ends_with("/worlds/0/plugins/0: there is no plugin \"trace\", allowed: x, y"));
    CHECK(
        load_text(
            R"({"listeners": [], "worlds": [{"name": "w", "plugins": ["x", "z"]}], "plugins": [{"name": "x"}]})")
            .errors.ends_with(
                "/worlds/0/plugins/1: there is no plugin \"z\"; did you mean \"x\"?"));
    CHECK(
        load_text(
            R"({"listeners": [], "worlds": [{"name": "w", "plugins": ["x", "x"]}], "plugins": [{"name": "x"}]})")
            .errors.ends_with("/worlds/0/plugins/1: \"x\" stands twice here"));
}

// A layer of another name than its plugin's was refused: middleware was looked for among plugins.
TEST_CASE("middleware names layers, which only the plugins know; none stands twice") {
    CHECK(
        load_text(
            R"({"listeners": [{"name": "a", "middleware": ["trace"]}], "plugins": [{"name": "x"}]})")
            .errors.empty());
    CHECK(load_text(R"({"listeners": [{"name": "a", "middleware": ["trace", "trace"]}]})")
              .errors.ends_with("/listeners/0/middleware/1: \"trace\" stands twice here"));
}

TEST_CASE("watermarks stand in order and hold a frame") {
    CHECK(
        listener_errors(R"("queue": {"low_bytes": 300000})") ==
        "m.json:1:53: /listeners/0/queue: low_bytes 300000, high_bytes 262144, max_bytes 4194304: "
        "allowed: each below the next");
    CHECK(listener_errors(R"("queue": {"low_bytes": 5, "high_bytes": 5, "max_bytes": 70000})")
              .find("each below the next") != std::string::npos);
    CHECK(listener_errors(R"("queue": {"low_bytes": 1, "high_bytes": 2, "max_bytes": 3})") ==
          "m.json:1:86: /listeners/0/queue/max_bytes: found 3, allowed: at least "
          "payload_bytes_max, which is 65535");
}

TEST_CASE("a 16-bit length cannot carry more than 65535 bytes") {
    CHECK(listener_errors(R"("framing": "u16le", "payload_bytes_max": 65536)") ==
          "m.json:1:71: /listeners/0/payload_bytes_max: found 65536, allowed: at most 65535, for "
          "the framing u16le has a length of 16 bits");
    CHECK(listener_errors(R"("framing": "u16be", "payload_bytes_max": 65535)").empty());
    CHECK(listener_errors(R"("framing": "u32le", "payload_bytes_max": 65536)").empty());
}

TEST_CASE("addresses are IP addresses, and the admin listener stays on loopback") {
    CHECK(listener_errors(R"("address": "nonsense")") ==
          "m.json:1:41: /listeners/0/address: found \"nonsense\", allowed: an IP address such as "
          "127.0.0.1, 0.0.0.0 or ::");
    CHECK(listener_errors(R"("address": "::")").empty());
    CHECK(load_text(R"({"listeners": [], "admin": {"address": "0.0.0.0"}})").errors ==
          "m.json:1:40: /admin/address: found \"0.0.0.0\", allowed: a loopback address such as "
          "127.0.0.1 or ::1, for this listener does not encrypt");
    CHECK(load_text(R"({"listeners": [], "admin": {"address": "::1"}})").errors.empty());
}

TEST_CASE("address texts are judged strictly") {
    using namespace gantry::manifest;
    for (const char* good : {"0.0.0.0", "127.0.0.1", "255.255.255.255"}) CHECK(is_ipv4(good));
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1..2.3",
                            "1.2.3.", ".1.2.3", "1.2.3.-4", "1.2.3.00004"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_ipv4(bad));
    }
    for (const char* good : {"::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
                             "1:2:3:4:5:6:7::"}) {
        CAPTURE(good);
        CHECK(is_ipv6(good));
    }
    for (const char* bad :
         {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
          "12345::", "g::", "::1.2.3.4.5", "1.2.3.4", "1:2:3:4:5:6:7:8::", "::1%lo", "[::1]"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_ipv6(bad));
    }
    CHECK(is_loopback("127.9.9.9"));
    CHECK_FALSE(is_loopback("127.evil"));
}

TEST_CASE("two listeners cannot have one port, and zero is no port yet") {
    CHECK(load_text(R"({"listeners": [{"name": "a", "port": 7}, {"name": "b", "port": 7}]})")
              .errors ==
          "m.json:1:64: /listeners/1/port: 127.0.0.1 port 7 is taken by /listeners/0 already");
    CHECK(load_text(R"({"listeners": [{"name": "a", "port": 7}], "admin": {"port": 7}})").errors ==
          "m.json:1:61: /admin/port: 127.0.0.1 port 7 is taken by /listeners/0 already");
    CHECK(load_text(R"({"listeners": [{"name": "a"}, {"name": "b"}]})").errors.empty());
}

TEST_CASE("a pinned worker exists") {
    CHECK(load_text(R"({"workers": 2, "listeners": [], "worlds": [{"name": "w", "worker": 2}]})")
              .errors ==
          "m.json:1:68: /worlds/0/worker: found 2, allowed: below 2, the number of workers");
    CHECK(load_text(R"({"listeners": [], "worlds": [{"name": "w", "worker": 2}]})").errors.empty());
}

TEST_CASE("an admin token is long and printable, and never stands in a message") {
    CHECK(load_text(R"({"listeners": [], "admin": {"token": "secret"}})").errors ==
          "m.json:1:38: /admin/token: found 6 bytes, allowed: none, or at least 16 visible ASCII "
          "characters");
    CHECK_FALSE(load_text(R"({"listeners": [], "admin": {"token": "0123456789 abcdef"}})"));
    CHECK(load_text(R"({"listeners": [], "admin": {"token": "0123456789abcdef"}})"));
}

TEST_CASE("web roots and WebSocket paths are paths") {
    const auto errors = load_text(R"({"listeners": [], "admin": {"web_roots": [
        {"prefix": "x", "folder": "f"}, {"prefix": "/api/x/", "folder": "f"},
        {"folder": "f"}, {"prefix": "/", "folder": "g"}]}})")
                            .errors;
    CHECK(errors ==
          "m.json:2:20: /admin/web_roots/0/prefix: found \"x\", allowed: a path that begins and "
          "ends with /\n"
          "m.json:2:52: /admin/web_roots/1/prefix: /api/ is the host's own\n"
          "m.json:3:37: /admin/web_roots/3/prefix: \"/\" is taken by /admin/web_roots/2/prefix "
          "already");
    CHECK(listener_errors(R"("ws": {"path": "game"})") ==
          "m.json:1:45: /listeners/0/ws/path: found \"game\", allowed: a path that begins with /");
}

TEST_CASE("signatures that are required need a key, and keys are hexadecimal") {
    CHECK(load_text(R"({"listeners": [], "gate": {"require_signature": true}})").errors ==
          "m.json:1:49: /gate/require_signature: signatures are required, but no key is listed "
          "under /gate/keys");
    const std::string key(64, 'x');
    CHECK(load_text("{\"listeners\": [], \"gate\": {\"keys\": [\"" + key + "\"]}}").errors ==
          "m.json:1:37: /gate/keys/0: found \"" + key +
              "\", allowed: 64 hexadecimal digits, as gantry keygen prints them");
}

TEST_CASE("the oldest version that is taken is a version") {
    const auto errors = [](const std::string& version) {
        return load_text(R"({"listeners": [], "plugins": [{"name": "p", "version_min": ")" +
                         version + "\"}]}")
            .errors;
    };
    for (const char* right : {"", "0.0.0", "1.4.2", "10.20.30-rc1"}) CHECK(errors(right).empty());
    CHECK(errors("1.4") ==
          "m.json:1:60: /plugins/0/version_min: found \"1.4\", allowed: a version such as "
          "\"1.4.2\"");
    for (const char* wrong : {"1", "1.2.", "1.2.3.4", "1.2.3-", "v1.2.3", "1.2.x", "-1.2.3"}) {
        CAPTURE(wrong);
        CHECK(errors(wrong).find("allowed: a version") != std::string::npos);
    }
    CHECK_FALSE(errors("4294967296.0.0").empty());
}
