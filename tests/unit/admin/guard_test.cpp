// Guard: who is let in, and each way of being kept out.
#include "host/admin/guard.h"

#include <doctest/doctest.h>

#include "tests/unit/admin/fake_backend.h"

using namespace gantry;
using namespace gantry::admin;
using test::request;

namespace {

const Guard guard{"127.0.0.5", 8080, "0123456789abcdef"};

bool host_passes(const std::string& host) {
    return !guard.check_host(request("GET", "/", {{"Host", host}}));
}

std::uint32_t write_status(std::vector<net::HttpHeader> headers, bool json = true) {
    if (json) headers.push_back({"Content-Type", "application/json"});
    const auto refusal = guard.check_write(request("POST", "/api/stop", std::move(headers)));
    return refusal ? refusal->status : 0;
}

bool token_passes(std::vector<net::HttpHeader> headers) {
    return !guard.check_token(request("GET", "/api/plugins", std::move(headers)));
}

}  // namespace

TEST_CASE("only names of loopback with the right port are served, against DNS rebinding") {
    for (const char* good :
         {"localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "127.0.0.5:8080"}) {
        CAPTURE(good);
        CHECK(host_passes(good));
    }
    for (const char* bad : {"", "localhost", "localhost:80", "localhost:80800", "evil.example:8080",
                            "localhost.evil.example:8080", "127.0.0.1.evil:8080", "[::2]:8080",
                            "localhost:8080 ", "127.0.0.1:", "127.0.0.6:8080"}) {
        CAPTURE(bad);
        CHECK_FALSE(host_passes(bad));
    }
    CHECK(!Guard{"127.0.0.1", 80, "t"}.check_host(request("GET", "/", {{"Host", "localhost"}})));
}

TEST_CASE("a page of another origin cannot write, a page of ours and a tool can") {
    CHECK(write_status({}) == 0);
    CHECK(write_status({{"Origin", "http://localhost:8080"}}) == 0);
    CHECK(write_status({{"Origin", "http://[::1]:8080"}, {"Sec-Fetch-Site", "same-origin"}}) == 0);
    CHECK(write_status({{"Origin", "http://evil.example"}}) == 403);
    CHECK(write_status({{"Origin", "https://localhost:8080"}}) == 403);
    CHECK(write_status({{"Origin", "http://localhost:8081"}}) == 403);
    CHECK(write_status({{"Origin", "null"}}) == 403);
    CHECK(write_status({{"Origin", ""}}) == 403);
    CHECK(write_status({{"Origin", "http://localhost:8080"}, {"Origin", "http://evil"}}) == 403);
    CHECK(write_status({{"Sec-Fetch-Site", "cross-site"}}) == 403);
    CHECK(write_status({{"Sec-Fetch-Site", "same-site"}}) == 403);
}

TEST_CASE("a write must say that it is JSON, which no foreign form can") {
    CHECK(write_status({}, false) == 415);
    CHECK(write_status({{"Content-Type", "text/plain"}}, false) == 415);
    CHECK(write_status({{"Content-Type", "application/json; charset=utf-8"}}, false) == 0);
    CHECK(write_status({{"Content-Type", "application/jsonx"}}, false) == 415);
}

TEST_CASE("the token must be whole, alone, and come as a bearer") {
    CHECK(token_passes({{"Authorization", "Bearer 0123456789abcdef"}}));
    CHECK(token_passes({{"authorization", "bearer 0123456789abcdef"}}));
    CHECK_FALSE(token_passes({}));
    CHECK_FALSE(token_passes({{"Authorization", "0123456789abcdef"}}));
    CHECK_FALSE(token_passes({{"Authorization", "Basic 0123456789abcdef"}}));
    CHECK_FALSE(token_passes({{"Authorization", "Bearer "}}));
    CHECK_FALSE(token_passes({{"Authorization", "Bearer 0123456789abcdeF"}}));
    CHECK_FALSE(token_passes({{"Authorization", "Bearer 0123456789abcde"}}));
    CHECK_FALSE(token_passes({{"Authorization", "Bearer 0123456789abcdef0"}}));
    CHECK_FALSE(token_passes({{"Authorization", "Bearer 0123456789abcdef"},
                              {"Authorization", "Bearer 0123456789abcdef"}}));
    const Guard none{"127.0.0.1", 80, ""};
    CHECK(none.check_token(request("GET", "/", {{"Authorization", "Bearer "}}))->status == 401);
}

TEST_CASE("texts are compared whole") {
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK(equal_in_constant_time("", ""));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK_FALSE(equal_in_constant_time("\x80", std::string_view{"\0", 1}));
}
