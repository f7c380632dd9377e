// WebSocket on a shard, over memory links: the handshake of both sides, and each refusal.
#include <doctest/doctest.h>

#include "tests/support/net.h"
#include "tests/support/websocket.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

std::string status_of(const std::string& response) { return response.substr(9, 3); }

}  // namespace

TEST_CASE("the handshake succeeds however it is split, and frames may follow at once") {
    const std::string wire = ws_request("/play?room=7") + ws_frame(ws_opcode::text, "hi");
    for (std::size_t split = 0; split <= wire.size(); ++split) {
        CAPTURE(split);
        WsTest ws;
        const std::string first = ws.exchange(wire.substr(0, split));
        const std::string answer = first + ws.exchange(wire.substr(split));
        CHECK(status_of(answer) == "101");
        CHECK(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
              std::string::npos);
        CHECK(ws.test.events.frames == std::vector<std::string>{"text:0:hi"});
        CHECK(ws.test.events.last_target == "/play?room=7");
        CHECK(ws.test.events.last_info.protocol == "ws+memory");
    }
}

TEST_CASE("handshakes that are refused get the reason, no event, and a closed connection") {
    WebSocketOptions options;
    options.path = "/play";
    options.origins = {"https://game.example"};
    const auto refused = [&](const std::string& request) {
        WsTest ws{Framing::gantry, options};
        const std::string answer = ws.exchange(request);
        CHECK(ws.test.events.log.empty());
        CHECK(ws.client.peer_closed());
        CHECK(ws.test.shard.counters().refused[static_cast<std::size_t>(RefuseReason::handshake)] ==
              1);
        return status_of(answer);
    };
    const std::string origin = "Origin: https://game.example\r\n";
    const auto without = [&](const std::string& line) {
        std::string request = ws_request("/play", origin);
        return request.erase(request.find(line), line.size());
    };
    CHECK(refused(ws_request("/other", origin)) == "404");
    CHECK(refused(ws_request("/play")) == "403");
    CHECK(refused(ws_request("/play", "Origin: https://evil.example\r\n")) == "403");
    CHECK(refused(without("Upgrade: websocket\r\n")) == "426");
    CHECK(refused(without("Sec-WebSocket-Version: 13\r\n")) == "426");
    CHECK(refused(without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")) == "400");
    CHECK(refused(without("Host: h\r\n")) == "400");
    CHECK(refused(ws_request("/play",
                             origin + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")) == "400");
    CHECK(refused(ws_request("/play", origin + "Content-Length: 3\r\n") + "abc") == "413");
    CHECK(refused("POST" + ws_request("/play", origin).substr(3)) == "400");
    CHECK(refused("\x16\x03\x01 not http\r\n\r\n") == "400");
    CHECK(refused("GET /" + std::string(9000, 'a')) == "431");
}

TEST_CASE("a handshake that does not come is given up after its time") {
    WsTest ws;
    ws.exchange("GET / HTTP/1.1\r\n");
    ws.test.advance(6 * ns_per_s);
    CHECK(ws.client.peer_closed());
    CHECK(ws.test.events.log.empty());
    CHECK(ws.test.shard.counters().refused[static_cast<std::size_t>(RefuseReason::timeout)] == 1);
}

TEST_CASE("a common subprotocol is chosen, and an unknown one is left out") {
    WebSocketOptions options;
    options.subprotocols = {"gantry.2", "gantry.1"};
    CHECK(WsTest{Framing::u16le, options}
              .upgrade("Sec-WebSocket-Protocol: other, gantry.1\r\n")
              .answer.find("Sec-WebSocket-Protocol: gantry.1\r\n") != std::string::npos);
    CHECK(WsTest{Framing::u16le, options}
              .upgrade("Sec-WebSocket-Protocol: other\r\n")
              .answer.find("Sec-WebSocket-Protocol") == std::string::npos);
}

TEST_CASE("offers of deflate that cannot be met are passed over") {
    WebSocketOptions options;
    options.permessage_deflate = true;
    const auto agreed = [&](const std::string& offer) {
        WsTest ws{Framing::u16le, options};
        ws.upgrade("Sec-WebSocket-Extensions: " + offer + "\r\n");
        CHECK(status_of(ws.answer) == "101");
        return ws.answer.find("permessage-deflate") != std::string::npos;
    };
    CHECK(agreed("permessage-deflate"));
    CHECK(agreed("permessage-deflate; server_max_window_bits=15"));
    CHECK(agreed("permessage-deflate; server_max_window_bits=8, permessage-deflate"));
    CHECK(agreed("x-other, permessage-deflate; client_max_window_bits=\"10\""));
    CHECK_FALSE(agreed("permessage-deflate; server_max_window_bits=10"));
    CHECK_FALSE(agreed("permessage-deflate; server_max_window_bits=99"));
    CHECK_FALSE(agreed("permessage-deflate; server_no_context_takeover=1"));
    CHECK_FALSE(agreed("permessage-deflate; colour=red"));
    CHECK_FALSE(agreed("permessage-deflate; client_max_window_bits; client_max_window_bits=9"));
    CHECK_FALSE(agreed("x-webkit-deflate-frame"));
}

TEST_CASE("a shard is a WebSocket client too: masked, with deflate, closing in order") {
    WebSocketOptions options;
    options.permessage_deflate = true;
    options.path = "/play";
    options.subprotocols = {"gantry.1"};
    MemoryShard server;
    ListenerConfig listener = server.listener(Framing::gantry, "ws+memory");
    listener.websocket = options;
    REQUIRE(server.shard.listen(listener));
    core::ManualClock clock;
    RecordingEvents events;
    Shard shard{{.index = 1}, clock, events};
    REQUIRE(shard.transports().add(server.network));
    ConnectConfig config;
    config.transport = "ws+memory";
    config.address = "here";
    config.port = 1;
    config.websocket = options;
    const auto id = shard.connect(config);
    REQUIRE(id);
    const auto settle = [&] {
        for (int i = 0; i < 5; ++i) {
            shard.poll(clock.now());
            server.settle();
        }
    };
    settle();
    CHECK(events.opened == std::vector<ConnectionId>{*id});
    CHECK(server.events.last_target == "/play");
    const std::string large(3000, 'z');
    shard.send(*id, {0, 3, 0, 0, 0}, std::string_view{large});
    shard.send(*id, {0, 4, 0, 0, 0}, std::string_view{"small"});
    settle();
    CHECK(server.events.frames == std::vector<std::string>{"3:" + large, "4:small"});
    server.shard.send(server.events.opened.at(0), {0, 5, 0, 0, 0}, std::string_view{large});
    settle();
    CHECK(events.frames == std::vector<std::string>{"5:" + large});
    shard.close(*id, CloseReason::requested);
    settle();
    CHECK(events.log == std::vector<std::string>{"open", "close requested"});
    CHECK(server.events.log == std::vector<std::string>{"open", "close peer_closed"});
    CHECK(shard.load() == 0);
    CHECK(server.shard.load() == 0);

    config.websocket.path = "/elsewhere";
    const auto refused = shard.connect(config);
    REQUIRE(refused);
    settle();
    CHECK(events.log.back() == "close protocol_error");
    CHECK(events.opened.size() == 1);
}
