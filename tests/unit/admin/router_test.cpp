// Router: which address answers what, to whom, and in which way it refuses.
#include "host/admin/router.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/admin/fake_backend.h"

using namespace gantry;
using namespace gantry::admin;
using test::request;

namespace {

const net::HttpHeader bearer{"Authorization", "Bearer 0123456789abcdef"};
const net::HttpHeader json_type{"Content-Type", "application/json"};

struct Fixture {
    test::FakeBackend backend;
    Counters counters;
    Router router{config(), backend, counters};

    static AdminConfig config() {
        AdminConfig out;
        out.port = 8080;
        out.token = "0123456789abcdef";
        out.connect_sources = {"ws://127.0.0.1:4000"};
        out.page_config = R"({"game":"ws://127.0.0.1:4000/play"})";
        return out;
    }
    net::HttpResponse get(const std::string& target, bool with_token = true) {
        return router
            .handle(request("GET", target,
                            with_token ? std::vector{bearer} : std::vector<net::HttpHeader>{}))
            .response;
    }
    Answer post(const std::string& target, const std::string& body) {
        return router.handle(request("POST", target, {bearer, json_type}, body));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "health needs no token and is 503 when the host is not well") {
    CHECK(get("/health", false).status == 200);
    CHECK(get("/health", false).body.starts_with(R"({"ok":true,"state":"running")"));
    backend.health_value.ok = false;
    CHECK(get("/health", false).status == 503);
    CHECK(get("/api/health").status == 200);
}

TEST_CASE_FIXTURE(Fixture, "everything else about the host needs the token") {
    for (const char* target :
         {"/api/plugins", "/api/candidates", "/api/worlds", "/api/sessions", "/api/routes",
          "/api/health", "/api/swaps", "/api/events", "/metrics", "/api/nothing"}) {
        CAPTURE(target);
        const auto refused = get(target, false);
        CHECK(refused.status == 401);
        CHECK(refused.header("WWW-Authenticate") == "Bearer");
        CHECK(get(std::string{target} + "?token=0123456789abcdef", false).status == 401);
    }
    CHECK(router.handle(request("POST", "/api/stop", {json_type})).response.status == 401);
    CHECK(router.handle(request("POST", "/api/swap", {json_type})).response.status == 401);
    CHECK_FALSE(backend.stopped);
    CHECK(counters.requests_refused == 22);
}

TEST_CASE_FIXTURE(Fixture, "with the token each address answers") {
    CHECK(get("/api/plugins").body == R"({"plugins":[]})");
    CHECK(get("/api/candidates").body.find("\"2.0.0\"") != std::string::npos);
    CHECK(get("/api/worlds").body.find("\"field\"") != std::string::npos);
    CHECK(get("/api/routes").body.find("\"arena@1.0.0#1\"") != std::string::npos);
    CHECK(get("/api/swaps").body == R"({"swaps":[]})");
    CHECK(get("/api/plugins").header("Content-Type") == "application/json");
    CHECK(get("/api/plugins").header("Cache-Control") == "no-store");
    CHECK(get("/api/nothing").status == 404);
    const auto metrics = get("/metrics");
    CHECK(metrics.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(metrics.body.find("\ngantry_admin_requests_total 9\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a foreign Host is refused before anything is told, pages too") {
    for (const char* target : {"/", "/health", "/api/plugins", "/config.json"}) {
        const auto answer =
            router.handle(request("GET", target, {bearer, {"Host", "evil.example:8080"}}));
        CHECK(answer.response.status == 421);
    }
    CHECK(counters.requests_refused == 4);
}

TEST_CASE_FIXTURE(Fixture, "wrong methods are refused and told what is right") {
    CHECK(get("/api/swap").status == 405);
    CHECK(get("/api/stop").header("Allow") == "POST");
    CHECK(post("/api/plugins", "{}").response.status == 405);
    CHECK(post("/health", "{}").response.header("Allow") == "GET, HEAD");
    CHECK(post("/", "{}").response.status == 405);
    CHECK(router.handle(request("HEAD", "/health")).response.status == 200);
    CHECK(router.handle(request("DELETE", "/api/swap", {bearer})).response.status == 405);
}

TEST_CASE_FIXTURE(Fixture, "a page of another origin cannot stop the host") {
    const auto answer = router.handle(
        request("POST", "/api/stop", {bearer, json_type, {"Origin", "http://evil.example"}}, "{}"));
    CHECK(answer.response.status == 403);
    CHECK_FALSE(backend.stopped);
    CHECK(post("/api/stop", "{}").response.status == 202);
    CHECK(backend.stopped);
}

TEST_CASE_FIXTURE(Fixture, "a swap is started, waited for, and reported") {
    const Answer answer = post("/api/swap", R"({"plugin":"arena","version":"2.0.0"})");
    REQUIRE(answer.kind == Answer::Kind::swap);
    CHECK(answer.number == 7);
    CHECK(backend.swap_asked.plugins.at(0).version == "2.0.0");

    backend.swap_list = {{7, "arena", "a", "b", SwapOutcome::running, "", {}, {}, 0}};
    CHECK(router.swap_answer(7, false).status == 0);
    CHECK(router.swap_answer(7, true).status == 202);
    backend.swap_list[0].outcome = SwapOutcome::committed;
    CHECK(router.swap_answer(7, false).status == 200);
    CHECK(router.swap_answer(7, false).body.find("\"committed\"") != std::string::npos);
    CHECK(router.swap_answer(8, false).status == 404);
}

TEST_CASE_FIXTURE(Fixture, "a swap that is refused says why, with a fitting status") {
    const auto status_of = [&](Status status) {
        backend.swap_result = Error{status, "no such version"};
        const auto answer = post("/api/swap", R"({"plugin":"arena"})").response;
        CHECK(answer.body.find("no such version") != std::string::npos);
        return answer.status;
    };
    CHECK(status_of(Status::not_found) == 404);
    CHECK(status_of(Status::refused) == 409);
    CHECK(status_of(Status::unavailable) == 503);
    CHECK(status_of(Status::limit) == 429);
    CHECK(status_of(Status::internal) == 500);
    CHECK(post("/api/swap", "nonsense").response.status == 400);
}

TEST_CASE_FIXTURE(Fixture, "sessions come in pages") {
    for (std::uint64_t id = 1; id <= 1'500; ++id) {
        SessionInfo session;
        session.id = id;
        backend.session_list.push_back(session);
    }
    CHECK(get("/api/sessions").body.ends_with("],\"more\":true}"));
    CHECK(get("/api/sessions?x=1&after=1000").body.ends_with("],\"more\":false}"));
    CHECK(get("/api/sessions?after=1000").body.starts_with(R"({"sessions":[{"id":1001,)"));
    CHECK(get("/api/sessions?after=1500").body == R"({"sessions":[],"more":false})");
    CHECK(get("/api/sessions?after=x").status == 400);
    CHECK(get("/api/sessions?after=").status == 400);
    CHECK(get("/api/sessions?after=-1").status == 400);
    CHECK(get("/api/sessions?after=99999999999999999999").status == 400);
}

TEST_CASE_FIXTURE(Fixture, "events start after the latest, or where the client says") {
    backend.event_list = {{41, EventKind::established, 1, 0, 0, 0, ""}};
    CHECK(router.handle(request("GET", "/api/events", {bearer})).number == 41);
    const Answer answer = router.handle(request("GET", "/api/events?after=5", {bearer}));
    CHECK(answer.kind == Answer::Kind::events);
    CHECK(answer.number == 5);
    CHECK(answer.response.header("Content-Type") == "text/event-stream");
    CHECK(get("/api/events?after=x").status == 400);
    CHECK_FALSE(answer.messages);
    CHECK(router.handle(request("GET", "/api/events?messages=1", {bearer})).messages);
    CHECK(get("/api/events?messages=all").status == 400);
}

TEST_CASE_FIXTURE(Fixture, "every answer carries the headers that fence a page in") {
    for (const char* target : {"/", "/health", "/config.json", "/api/plugins"}) {
        const auto response = get(target);
        CHECK(response.header("X-Content-Type-Options") == "nosniff");
        CHECK(response.header("Referrer-Policy") == "no-referrer");
        const std::string policy{response.header("Content-Security-Policy")};
        CHECK(policy.starts_with("default-src 'none'; script-src 'self';"));
        CHECK(policy.find("connect-src 'self' ws://127.0.0.1:4000;") != std::string::npos);
        CHECK(policy.find("unsafe") == std::string::npos);
    }
    CHECK(get("/config.json", false).body == R"({"game":"ws://127.0.0.1:4000/play"})");
}

TEST_CASE_FIXTURE(Fixture, "a trial is promoted or aborted by the plugin's name alone") {
    const Answer promoted = post("/api/promote", R"({"plugin":"arena"})");
    CHECK(promoted.kind == Answer::Kind::swap);
    CHECK(promoted.number == 7);
    const Answer aborted = post("/api/abort", R"({"plugin":"arena"})");
    CHECK(aborted.response.status == 200);
    CHECK(aborted.response.body == R"({"aborted":["arena@2.0.0#2","bots@2.0.0#2"]})");
    CHECK(post("/api/abort", R"({"plugin":"chat"})").response.status == 404);
    for (const char* body : {"", "[]", "{}", R"({"plugin":7})", R"({"plugin":"a","x":1})"}) {
        CHECK(post("/api/promote", body).response.status == 400);
        CHECK(post("/api/abort", body).response.status == 400);
    }
    CHECK(get("/api/abort").status == 405);
}

TEST_CASE_FIXTURE(Fixture, "a plugin is removed by its name alone") {
    const Answer removed = post("/api/remove", R"({"plugin":"arena"})");
    CHECK(removed.response.status == 200);
    CHECK(removed.response.body == R"({"removed":"arena@1.0.0#1"})");
    CHECK(post("/api/remove", R"({"plugin":"chat"})").response.status == 404);
    CHECK(post("/api/remove", "{}").response.status == 400);
    CHECK(get("/api/remove").status == 405);
}

TEST_CASE_FIXTURE(Fixture, "who is in memory and what went wrong are lists in an object") {
    CHECK(get("/api/who").body ==
          R"({"generations":[{"label":"arena@1.0.0#1","state":"serves","since_unix_ms":5,)"
          R"("holds":["serves world field: 1 routes"]}]})");
    CHECK(
        get("/api/incidents").body.starts_with(R"({"incidents":[{"at_unix_ms":7,"kind":"fault")"));
}
