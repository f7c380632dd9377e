// The HTTP codec: what it takes however the bytes are split, and each thing it refuses.
#include "host/net/http_codec.h"

#include <doctest/doctest.h>

#include <string>

using namespace gantry::net;

namespace {

/// Feeds everything at once; "200" when it parsed, else the status of the refusal.
std::uint32_t verdict(std::string_view bytes, HttpLimits limits = {}) {
    HttpRequestParser parser{limits};
    parser.feed(bytes);
    if (parser.state() == HttpState::need_more) return 0;
    return parser.state() == HttpState::done ? 200 : parser.failure().status;
}

std::string with(std::string_view headers, std::string_view body = "") {
    return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string{headers} + "\r\n" + std::string{body};
}

}  // namespace

TEST_CASE("a request reads the same however it is split, and what follows it is left alone") {
    const std::string request =
        "POST /swap?name=a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nX-A: 1, "
        "two\r\n\r\nhello";
    const std::string wire = request + "GET /next";
    for (std::size_t split = 0; split <= wire.size(); ++split) {
        CAPTURE(split);
        HttpRequestParser parser;
        std::size_t taken = parser.feed(std::string_view{wire}.substr(0, split));
        taken += parser.feed(std::string_view{wire}.substr(taken));
        REQUIRE(parser.state() == HttpState::done);
        CHECK(taken == request.size());
        CHECK(parser.request().method == "POST");
        CHECK(parser.request().path() == "/swap");
        CHECK(parser.request().query() == "name=a");
        CHECK(parser.request().body == "hello");
        CHECK(parser.request().header("host") == "localhost");
        CHECK(parser.request().header_has("x-a", "TWO"));
        CHECK_FALSE(parser.request().header_has("x-a", "on"));
        CHECK(parser.request().keep_alive);
    }
}

TEST_CASE("a chunked body is joined byte by byte, and pipelined requests follow one another") {
    const std::string wire =
        with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") +
        "GET /b HTTP/1.0\r\n\r\n";
    HttpRequestParser parser;
    std::size_t at = 0;
    while (parser.state() == HttpState::need_more) {
        REQUIRE(at < wire.size());
        at += parser.feed(std::string_view{wire}.substr(at, 1));
    }
    REQUIRE(parser.state() == HttpState::done);
    CHECK(parser.request().body == "abcde");
    CHECK(parser.feed("x") == 0);

    parser.reset();
    at += parser.feed(std::string_view{wire}.substr(at));
    REQUIRE(parser.state() == HttpState::done);
    CHECK(parser.request().target == "/b");
    CHECK(parser.request().version == 10);
    CHECK_FALSE(parser.request().keep_alive);
    CHECK(at == wire.size());
}

TEST_CASE("a request that another server could read differently is refused") {
    CHECK(verdict(with("")) == 200);
    CHECK(verdict("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\nHost: a\n\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\r\nHost : a\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: 1\x01\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(verdict("GET  HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(verdict("GET /a HTt\r\n\r\n") == 400);
    CHECK(verdict("\r\n\r\n") == 400);
    CHECK(verdict(with("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")) == 400);
    CHECK(verdict(with("Content-Length: -1\r\n")) == 400);
    CHECK(verdict(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(verdict(with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")) == 501);
    CHECK(verdict(with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 501);
    CHECK(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
    CHECK(verdict(with("Transfer-Encoding: chunked\r\n", "zz\r\n")) == 400);
    CHECK(verdict(with("Expect: tea\r\n")) == 417);
    CHECK(verdict(with("Expect: 100-continue\r\n")) == 200);
}

TEST_CASE("limits hold before anything of that size is stored") {
    HttpLimits limits;
    limits.head_bytes_max = 128;
    limits.body_bytes_max = 10;
    limits.headers_max = 3;
    CHECK(verdict(with("Content-Length: 10\r\n", "0123456789"), limits) == 200);
    CHECK(verdict(with("Content-Length: 11\r\n"), limits) == 413);
    CHECK(verdict(with("Content-Length: 99999999999999999999\r\n"), limits) == 400);
    CHECK(verdict(with("Transfer-Encoding: chunked\r\n", "b\r\n01234567890\r\n0\r\n\r\n"),
                  limits) == 413);
    CHECK(verdict(with("A: 1\r\nB: 2\r\n"), limits) == 200);
    CHECK(verdict(with("A: 1\r\nB: 2\r\nC: 3\r\n"), limits) == 431);
    CHECK(verdict("GET /" + std::string(200, 'a'), limits) == 431);
    CHECK(verdict(with("Transfer-Encoding: chunked\r\n", "1;" + std::string(9000, 'x'))) != 200);
}

TEST_CASE("what is written reads back, and no value can forge a header") {
    HttpResponse response;
    response.status = 404;
    response.body = "no such plugin";
    response.headers = {{"Content-Type", "text/plain"}, {"X-Bad", "a\r\nSet-Cookie: b"}};
    response.keep_alive = false;
    const std::string wire = http_serialise(response);
    CHECK(wire.find("Set-Cookie") == std::string::npos);

    HttpResponseParser parser;
    CHECK(parser.feed(wire + "rest") == wire.size());
    REQUIRE(parser.state() == HttpState::done);
    CHECK(parser.response().status == 404);
    CHECK(parser.response().body == response.body);
    CHECK(parser.response().header("content-type") == "text/plain");
    CHECK_FALSE(parser.response().keep_alive);

    HttpRequest request;
    request.method = "PUT";
    request.target = "/x";
    request.headers = {{"Host", "h"}};
    request.body = "abc";
    HttpRequestParser back;
    back.feed(http_serialise(request));
    REQUIRE(back.state() == HttpState::done);
    CHECK(back.request().body == "abc");
}

TEST_CASE(
    "an answer without a length ends with the connection, and a switch of protocols at its head") {
    HttpResponseParser parser;
    parser.feed("HTTP/1.1 200 OK\r\n\r\npart");
    CHECK(parser.state() == HttpState::need_more);
    parser.feed_end();
    REQUIRE(parser.state() == HttpState::done);
    CHECK(parser.response().body == "part");

    HttpResponseParser upgrade;
    const std::string_view head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    CHECK(upgrade.feed(std::string{head} + "\x81") == head.size());
    CHECK(upgrade.state() == HttpState::done);

    HttpResponseParser cut;
    cut.feed("HTTP/1.1 200 OK\r\nContent-Le");
    cut.feed_end();
    CHECK(cut.state() == HttpState::failed);
}
