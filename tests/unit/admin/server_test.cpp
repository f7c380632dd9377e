// AdminServer over real sockets: whole exchanges, slow and broken clients, limits, the end.
#include "host/admin/server.h"

#include <doctest/doctest.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <string>
#include <thread>

#include "host/admin/client.h"
#include "tests/unit/admin/fake_backend.h"

using namespace gantry;
using namespace gantry::admin;

namespace {

constexpr const char* token = "0123456789abcdef";

struct Fixture {
    test::FakeBackend backend;
    std::unique_ptr<AdminServer> server;

    void start(AdminConfig config = {}) {
        config.token = token;
        auto started = AdminServer::start(std::move(config), backend);
        REQUIRE_MESSAGE(started, started.error().message);
        server = std::move(*started);
    }
    AdminClient client(const std::string& with_token = token) const {
        return AdminClient{server->url(), with_token};
    }
    std::string host() const {
        return "Host: localhost:" + std::to_string(server->port()) + "\r\n";
    }
};

/// A plain blocking socket, for what no decent client does.
class Raw {
public:
    explicit Raw(const AdminServer& server) : socket_{io_} {
        socket_.connect({asio::ip::make_address("127.0.0.1"), server.port()});
    }
    void send(const std::string& text) {
        std::error_code ignored;
        asio::write(socket_, asio::buffer(text), ignored);
    }
    /// Everything until the server closes.
    std::string all() {
        while (more()) {
        }
        return text_;
    }
    /// Reads until `word` was seen; false when the server closed before.
    bool until(const std::string& word) {
        while (text_.find(word) == std::string::npos) {
            if (!more()) return false;
        }
        return true;
    }

private:
    bool more() {
        std::array<char, 4096> bytes{};
        std::error_code error;
        const std::size_t count = socket_.read_some(asio::buffer(bytes), error);
        text_.append(bytes.data(), count);
        return !error;
    }
    asio::io_context io_;
    asio::ip::tcp::socket socket_;
    std::string text_;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a client asks and is answered, at the port that the system chose") {
    start();
    CHECK(server->port() != 0);
    CHECK(server->url() == "http://127.0.0.1:" + std::to_string(server->port()));
    const auto health = client("").get("/health");
    REQUIRE_MESSAGE(health, health.error().message);
    CHECK(health->status == 200);
    CHECK(client().get("/api/plugins")->body == R"({"plugins":[]})");
    CHECK(client("wrong").get("/api/plugins")->status == 401);
    CHECK(client().post("/api/stop", "{}")->status == 202);
    CHECK(backend.stopped);
}

TEST_CASE_FIXTURE(Fixture, "requests of one connection are answered one after another") {
    start();
    Raw raw{*server};
    const std::string health = "GET /health HTTP/1.1\r\n" + host() + "\r\n";
    const std::string last = "HEAD /health HTTP/1.1\r\n" + host() + "Connection: close\r\n\r\n";
    raw.send(health + health + last);
    const std::string answers = raw.all();
    std::size_t count = 0;
    for (std::size_t at = answers.find("HTTP/1.1 200"); at != std::string::npos; ++count) {
        at = answers.find("HTTP/1.1 200", at + 1);
    }
    CHECK(count == 3);
    CHECK(answers.ends_with("\r\n\r\n"));  // HEAD has no body
}

TEST_CASE_FIXTURE(Fixture, "a request cut at every byte is understood") {
    start();
    const std::string request = "GET /health HTTP/1.1\r\n" + host() + "Connection: close\r\n\r\n";
    for (std::size_t cut = 1; cut < request.size(); cut += 7) {
        CAPTURE(cut);
        Raw raw{*server};
        raw.send(request.substr(0, cut));
        raw.send(request.substr(cut));
        CHECK(raw.all().starts_with("HTTP/1.1 200"));
    }
}

TEST_CASE_FIXTURE(Fixture, "what is no HTTP, or beyond a limit, is refused and closed") {
    AdminConfig config;
    config.body_bytes_max = 100;
    start(config);
    const auto answer = [&](const std::string& text) {
        Raw raw{*server};
        raw.send(text);
        const std::string all = raw.all();
        return all.substr(0, all.find("\r\n"));
    };
    CHECK(answer("hello\r\n\r\n").starts_with("HTTP/1.1 400"));
    CHECK(answer("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400"));
    CHECK(answer("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n" + host() + "\r\n")
              .starts_with("HTTP/1.1 4"));
    CHECK(answer("POST /api/swap HTTP/1.1\r\n" + host() + "Content-Length: 101\r\n\r\n")
              .starts_with("HTTP/1.1 413"));
    CHECK(answer("POST /api/swap HTTP/1.1\r\n" + host() +
                 "Content-Length: 1\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n0\r\n\r\n")
              .starts_with("HTTP/1.1 400"));
    CHECK(answer("GET / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 421"));
    const auto metrics = client().get("/metrics")->body;
    CHECK(metrics.find("gantry_admin_requests_malformed_total 5\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a client that never ends its request is closed at the deadline") {
    AdminConfig config;
    config.request_ms = 60;
    config.idle_ms = 120;
    start(config);
    Raw slow{*server};
    slow.send("GET /health HTTP/1.1\r\nX: ");
    Raw silent{*server};
    CHECK(slow.all().empty());
    CHECK(silent.all().empty());
    CHECK(client().get("/metrics")->body.find("gantry_admin_timeouts_total 1\n") !=
          std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "connections above the limit are closed at once and counted") {
    AdminConfig config;
    config.connections_max = 2;
    start(config);
    Raw first{*server};
    first.send("GET /health HTTP/1.1\r\n" + host() + "\r\n");
    CHECK(first.until("}"));
    {
        Raw second{*server};
        second.send("GET /health HTTP/1.1\r\n" + host() + "\r\n");
        CHECK(second.until("}"));
        CHECK(Raw{*server}.all().empty());
        second.send("GET /health HTTP/1.1\r\n" + host() + "Connection: close\r\n\r\n");
        second.all();
    }
    first.send("GET /metrics HTTP/1.1\r\n" + host() + "Authorization: Bearer " + token +
               "\r\n\r\n");
    CHECK(first.until("gantry_admin_connections_refused_total 1\n"));
}

TEST_CASE_FIXTURE(Fixture, "a swap is answered when it is over") {
    start();
    backend.swap_list = {{7, "arena", "a", "b", SwapOutcome::running, "", {}, {}, 0}};
    Result<AdminReply> reply = Error{};
    std::thread asking{[&] { reply = client().post("/api/swap", R"({"plugin":"arena"})"); }};
    // Another client is served while the first one waits.
    while (client().get("/api/swaps")->status == 200) {
        bool asked = false;
        backend.with_lock([&](auto& b) {
            asked = b.swap_asked.plugins.size() == 1 && b.swap_asked.plugins[0].plugin == "arena";
        });
        if (asked) break;
    }
    std::function<void()> told;
    backend.with_lock([&](auto& b) {
        b.swap_list[0].outcome = SwapOutcome::refused;
        b.swap_list[0].reason = "it has another ABI";
        told = b.ends_told;
    });
    REQUIRE(told);
    told();
    asking.join();
    REQUIRE_MESSAGE(reply, reply.error().message);
    CHECK(reply->status == 200);
    CHECK(reply->body.find("it has another ABI") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "once the server ends it is told of no swap") {
    start();
    CHECK(backend.ends_told);
    server.reset();
    CHECK_FALSE(backend.ends_told);
}

TEST_CASE_FIXTURE(Fixture, "a swap that takes too long is answered with what is known") {
    AdminConfig config;
    config.swap_wait_ms = 50;
    start(config);
    backend.swap_list = {{7, "arena", "a", "b", SwapOutcome::running, "", {}, {}, 0}};
    CHECK(client().post("/api/swap", R"({"plugin":"arena"})")->status == 202);
}

TEST_CASE_FIXTURE(Fixture, "session events are streamed in order, and losses are told") {
    AdminConfig config;
    config.event_streams_max = 1;
    start(config);
    const std::string ask = "GET /api/events?messages=1 HTTP/1.1\r\n" + host() +
                            "Authorization: Bearer " + token + "\r\n\r\n";
    {
        Raw raw{*server};
        raw.send(ask);
        REQUIRE(raw.until("\r\n\r\n"));
        backend.with_lock([](auto& b) {
            CHECK(b.wanted == EventsWanted::messages);
            b.event_list = {{1, EventKind::established, 9, 0, 0, 0, "127.0.0.1:5"},
                            {2, EventKind::received, 9, 0, 3, 4, ""}};
        });
        CHECK(raw.until("id: 1\nevent: session\ndata: {\"number\":1,\"kind\":\"established\""));
        CHECK(raw.until("}\n\nid: 2\nevent: session\ndata: {\"number\":2,\"kind\":\"received\""));

        Raw second{*server};
        second.send(ask);
        CHECK(second.until("429"));

        backend.with_lock([](auto& b) {
            b.lost = 12;
            b.event_list.push_back({15, EventKind::closed, 9, 0, 0, 0, "idle"});
        });
        CHECK(raw.until("event: lost\ndata: {\"count\":12}\n\nid: 15\n"));
    }
    // The host records nothing once nobody listens.
    bool wanted = true;
    while (wanted && client().get("/health")) {
        backend.with_lock([&](auto& b) { wanted = b.wanted != EventsWanted::none; });
    }
    CHECK_FALSE(wanted);
}

TEST_CASE_FIXTURE(Fixture, "a stream tells of messages only when it was asked to") {
    start();
    Raw raw{*server};
    raw.send("GET /api/events HTTP/1.1\r\n" + host() + "Authorization: Bearer " + token +
             "\r\n\r\n");
    REQUIRE(raw.until("\r\n\r\n"));
    backend.with_lock([](auto& b) {
        CHECK(b.wanted == EventsWanted::life);
        b.event_list = {{1, EventKind::established, 9, 0, 0, 0, "127.0.0.1:5"},
                        {2, EventKind::received, 9, 0, 3, 4, ""},
                        {3, EventKind::closed, 9, 0, 0, 0, "idle"}};
    });
    CHECK(raw.until("\"text\":\"127.0.0.1:5\"}\n\nid: 3\nevent: session\n"));
}

TEST_CASE_FIXTURE(Fixture, "the end of the server closes every connection") {
    start();
    Raw idle{*server};
    Raw stream{*server};
    stream.send("GET /api/events HTTP/1.1\r\n" + host() + "Authorization: Bearer " + token +
                "\r\n\r\n");
    REQUIRE(stream.until("\r\n\r\n"));
    const std::string url = server->url();
    server.reset();
    CHECK(idle.all().empty());
    stream.all();
    CHECK(AdminClient(url, token).get("/health").error().status == Status::unavailable);
}

TEST_CASE_FIXTURE(Fixture, "a port in use is refused with address and port") {
    start();
    test::FakeBackend other;
    AdminConfig config;
    config.token = token;
    config.port = server->port();
    const auto second = AdminServer::start(config, other);
    REQUIRE_FALSE(second);
    CHECK(second.error().message == "admin: cannot listen on 127.0.0.1 port " +
                                        std::to_string(server->port()) +
                                        ": Address already in use");
    config.address = "nonsense";
    CHECK_FALSE(AdminServer::start(config, other));
    config.token.clear();
    CHECK(AdminServer::start(config, other).error().message == "admin: the token is empty");
}

TEST_CASE("tokens are long and never the same") {
    CHECK(make_token().size() == 48);
    CHECK(make_token() != make_token());
}

TEST_CASE("the client refuses what is no address, and reports who does not answer") {
    const AdminClient nonsense{"ftp://x", "t"};
    CHECK(nonsense.get("/").error().message ==
          "\"ftp://x\" is no address such as http://127.0.0.1:8080");
    CHECK_FALSE(AdminClient("http://127.0.0.1:99999", "t").get("/"));
    CHECK_FALSE(AdminClient("http://name:80", "t").get("/"));

    // Somebody who takes the connection and says nothing.
    asio::io_context io;
    const asio::ip::tcp::acceptor mute{io, {asio::ip::make_address("127.0.0.1"), 0}};
    const std::string url = "http://127.0.0.1:" + std::to_string(mute.local_endpoint().port());
    CHECK(AdminClient(url, "t").get("/", 50).error().status == Status::timeout);
}
