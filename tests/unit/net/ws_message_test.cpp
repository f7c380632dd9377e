// WebSocket on a shard, over memory links: messages, and each violation with its close code.
#include <doctest/doctest.h>

#include "host/net/ws_deflate.h"
#include "tests/support/net.h"
#include "tests/support/websocket.h"

using namespace gantry;
using namespace gantry::net;
using namespace gantry::test;

namespace {

/// What the server says to some bytes after the handshake, and how it closes.
std::string reaction(std::string_view bytes, WebSocketOptions options = {},
                     std::uint32_t payload_bytes_max = 1000) {
    WsTest ws{Framing::u16le, std::move(options), payload_bytes_max};
    ws.upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    std::string said;
    for (const std::string& frame : ws_read(ws.exchange(bytes))) said += frame + " ";
    return said + (ws.test.events.closed.empty() ? "open" : ws.test.events.log.back());
}

}  // namespace

TEST_CASE("messages come whole: text and binary, fragmented, with pings between, split anywhere") {
    const std::string wire =
        ws_frame(ws_opcode::binary, "bin") + ws_frame(ws_opcode::text, "fr\xC3", false) +
        ws_frame(ws_opcode::ping, "1") + ws_frame(ws_opcode::continuation, "\xA4g", false) +
        ws_frame(ws_opcode::continuation, "") + ws_frame(ws_opcode::pong, "") +
        ws_frame(ws_opcode::text, "");
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        CAPTURE(step);
        WsTest ws;
        ws.upgrade();
        ws.client.split_reads(step);
        ws.exchange(wire);
        CHECK(ws.test.events.frames ==
              std::vector<std::string>{"0:bin", "text:0:fr\xC3\xA4g", "text:0:"});
    }
}

TEST_CASE("replies keep the kind that the peer used") {
    WsTest ws;
    ws.upgrade();
    const ConnectionId id = ws.test.events.opened.at(0);
    ws.exchange(ws_frame(ws_opcode::text, "a"));
    ws.test.shard.send(id, {}, std::string_view{"b"});
    CHECK(ws_read(ws.exchange(ws_frame(ws_opcode::binary, "c"))) ==
          std::vector<std::string>{"1:b"});
    ws.test.shard.send(id, {}, std::string_view{"d"});
    ws.test.shard.send(id, {}, std::string_view{"e"}, true);
    CHECK(ws_read(ws.exchange("")) == std::vector<std::string>{"2:d", "1:e"});
}

TEST_CASE("with framing gantry a message is header and payload, and text is refused") {
    const auto reacts = [](std::string_view bytes) {
        WsTest ws{Framing::gantry};
        ws.upgrade();
        const auto said = ws_read(ws.exchange(bytes));
        return (ws.test.events.frames.empty() ? "" : ws.test.events.frames[0]) + "|" +
               (said.empty() ? "" : said[0]);
    };
    CHECK(reacts(ws_frame(ws_opcode::binary, frame_bytes(7, "move"))) == "7:move|");
    CHECK(reacts(ws_frame(ws_opcode::binary, frame_bytes(7, "move") + "x")) == "|8:1002");
    CHECK(reacts(ws_frame(ws_opcode::binary, frame_bytes(7, "move").substr(0, 15))) == "|8:1002");
    CHECK(reacts(ws_frame(ws_opcode::binary, "short")) == "|8:1002");
    CHECK(reacts(ws_frame(ws_opcode::binary, frame_bytes(7, "x", 0x40))) == "|8:1002");
    CHECK(reacts(ws_frame(ws_opcode::text, frame_bytes(7, "move"))) == "|8:1003");

    WsTest ws{Framing::gantry};
    ws.upgrade();
    CHECK(ws.test.shard.send(ws.test.events.opened[0], {0, 5, 0, 0, 0}, std::string_view{"x"}) ==
          Status::ok);
    CHECK(ws_read(ws.exchange("")) == std::vector<std::string>{"2:" + frame_bytes(5, "x")});
}

TEST_CASE("each violation is answered with its close code") {
    const auto text = ws_opcode::text;
    const auto more = ws_opcode::continuation;
    CHECK(reaction(ws_frame(text, "x", true, false, false)) == "8:1002 close protocol_error");
    CHECK(reaction(ws_frame(more, "x")) == "8:1002 close protocol_error");
    CHECK(reaction(ws_frame(text, "x", false) + ws_frame(text, "y")) ==
          "8:1002 close protocol_error");
    CHECK(reaction(ws_frame(3, "x")) == "8:1002 close protocol_error");
    CHECK(reaction(ws_frame(text, "a\xFF")) == "8:1007 close bad_utf8");
    CHECK(reaction(ws_frame(text, "a\xC3")) == "8:1007 close bad_utf8");
    CHECK(reaction(ws_frame(text, "a\xFF", false)) == "8:1007 close bad_utf8");
    CHECK(reaction(ws_frame(ws_opcode::binary, "a\xFF")) == "open");
    CHECK(reaction(ws_frame(text, std::string(1000, 'x'))) == "open");
    CHECK(reaction(ws_frame(text, std::string(1001, 'x'))) == "8:1009 close payload_too_large");
    CHECK(reaction(ws_frame(text, std::string(1001, 'x')).substr(0, 8)) ==
          "8:1009 close payload_too_large");
    CHECK(reaction(ws_frame(text, std::string(600, 'x'), false) +
                   ws_frame(more, std::string(401, 'x'))) == "8:1009 close payload_too_large");
    CHECK(reaction(ws_frame(text, "x", true, true)) == "8:1002 close protocol_error");

    WebSocketOptions options;
    options.fragments_max = 3;
    options.control_frames_per_s = 2;
    std::string fragments = ws_frame(text, "", false);
    for (int i = 0; i < 3; ++i) fragments += ws_frame(more, "", false);
    CHECK(reaction(fragments, options) == "8:1008 close flood");
    const std::string ping = ws_frame(ws_opcode::ping, "p");
    CHECK(reaction(ping + ping, options) == "10:p 10:p open");
    CHECK(reaction(ping + ping + ping, options) == "10:p 10:p 8:1008 close flood");
}

TEST_CASE("the close handshake: codes go back, wrong ones are told so, nothing follows") {
    const auto close = [](std::string_view payload) {
        return reaction(ws_frame(ws_opcode::close, payload) + ws_frame(ws_opcode::text, "late"));
    };
    CHECK(close(ws_close_payload(1000)) == "8:1000 close peer_closed");
    CHECK(close(ws_close_payload(4321, "bye")) == "8:4321 close peer_closed");
    CHECK(close("") == "8: close peer_closed");
    CHECK(close("x") == "8:1002 close protocol_error");
    CHECK(close(ws_close_payload(1005)) == "8:1002 close protocol_error");
    CHECK(close(ws_close_payload(1000, "\xFF")) == "8:1007 close bad_utf8");

    WsTest ws;
    ws.upgrade();
    ws.test.shard.send(ws.test.events.opened[0], {}, std::string_view{"last"});
    ws.test.shard.close(ws.test.events.opened[0], CloseReason::shutdown);
    CHECK(ws_read(ws.exchange(ws_frame(ws_opcode::ping, ""))) ==
          std::vector<std::string>{"2:last", "8:1001"});
    CHECK(ws.client.peer_closed());
    ws.exchange(ws_frame(ws_opcode::close, ws_close_payload(1001)));
    ws.client.close();
    ws.test.settle();
    CHECK(ws.test.shard.load() == 0);
}

TEST_CASE("pings of a batch are answered in their places; above the watermark only the last is") {
    WsTest ws;
    ws.upgrade();
    ws.test.events.handler = [&](ConnectionId id, const Frame& frame) {
        ws.test.shard.send(id, frame.head, frame.payload, frame.text);
        return FrameVerdict::taken;
    };
    const auto ping = [](const char* payload) { return ws_frame(ws_opcode::ping, payload); };
    CHECK(ws_read(ws.exchange(ws_frame(ws_opcode::text, "a", false) + ping("1") + ping("2") +
                              ws_frame(ws_opcode::continuation, "b") + ping("3"))) ==
          std::vector<std::string>{"10:1", "10:2", "1:ab", "10:3"});

    ListenerConfig config = ws.test.listener(Framing::u16le, "ws+memory");
    config.port = 2;
    config.queue = {8, 8, 1 << 20};
    REQUIRE(ws.test.shard.listen(config));
    MemoryClient stalled = ws.test.network.connect("here", 2);
    stalled.write(ws_request());
    ws.test.settle();
    stalled.read();
    stalled.stall(true);
    stalled.write(ws_frame(ws_opcode::text, "long enough") + ping("1") + ping("2") + ping("3"));
    ws.test.settle();
    stalled.stall(false);
    ws.test.settle();
    CHECK(ws_read(stalled.read()) == std::vector<std::string>{"1:long enough", "10:3"});
}

TEST_CASE("bad text is refused as soon as its first bad byte is there, within a frame too") {
    const std::string good = "gr\xC3\xBC\xC3\x9F" + std::string(600, 'x') + "e";
    for (const bool fragmented : {false, true}) {
        CAPTURE(fragmented);
        WsTest ws;
        ws.upgrade();
        if (fragmented) ws.exchange(ws_frame(ws_opcode::text, "a\xC3", false));
        const std::string text = (fragmented ? "\xA4" : "") + good + "\xF4\x90" + "never sent";
        const std::string wire =
            ws_frame(fragmented ? ws_opcode::continuation : ws_opcode::text, text);
        const std::size_t bad = wire.size() - std::string_view{"never sent"}.size() - 1;
        for (std::size_t at = 0; at < bad; ++at) {
            const auto said = ws_read(ws.exchange(wire.substr(at, 1)));
            if (!said.empty()) FAIL("refused after " << at << " of " << bad << " bytes");
        }
        CHECK(ws_read(ws.exchange(wire.substr(bad, 1))) == std::vector<std::string>{"8:1007"});
    }
}

TEST_CASE("a silent peer is pinged, and closed when it stays silent") {
    MemoryShard test;
    ListenerConfig config = test.listener(Framing::u16le, "ws+memory");
    config.websocket.ping_interval_ms = 1000;
    config.idle_ms = 3000;
    REQUIRE(test.shard.listen(config));
    MemoryClient client = test.connect();
    client.write(ws_request());
    test.settle();
    client.read();
    test.advance(1100 * ns_per_ms);
    CHECK(ws_read(client.read()) == std::vector<std::string>{"9:"});
    client.write(ws_frame(ws_opcode::pong, ""));
    test.settle();
    for (int i = 0; i < 29; ++i) test.advance(100 * ns_per_ms);
    CHECK(test.events.closed.empty());
    CHECK(ws_read(client.read()) == std::vector<std::string>{"9:", "9:"});
    test.advance(200 * ns_per_ms);
    CHECK(test.events.log.back() == "close idle");
    CHECK(ws_read(client.read()) == std::vector<std::string>{"8:1001"});
}

TEST_CASE("permessage-deflate is agreed without context takeover and packs both ways") {
    WebSocketOptions options;
    options.permessage_deflate = true;
    options.deflate_payload_bytes_min = 100;
    WsTest ws{Framing::u16le, options, 10'000};
    ws.upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    CHECK(ws.answer.find("permessage-deflate; server_no_context_takeover; "
                         "client_no_context_takeover\r\n") != std::string::npos);
    WsCompressor peer;
    const auto packed = [&](std::string_view text) {
        return text_of(peer.deflate(std::as_bytes(std::span{text}), {}));
    };
    const std::string large(5000, 'y');
    ws.exchange(ws_frame(ws_opcode::text, packed("hello hello hello"), true, true));
    const std::string half = packed(large);
    ws.exchange(ws_frame(ws_opcode::binary, half.substr(0, 3), false, true) +
                ws_frame(ws_opcode::continuation, half.substr(3)));
    ws.exchange(ws_frame(ws_opcode::text, "plain is allowed too"));
    CHECK(ws.test.events.frames == std::vector<std::string>{"text:0:hello hello hello",
                                                            "0:" + large,
                                                            "text:0:plain is allowed too"});

    const ConnectionId id = ws.test.events.opened.at(0);
    ws.test.shard.send(id, {}, std::string_view{large});
    ws.test.shard.send(id, {}, std::string_view{"short"});
    ws.test.settle();
    const auto sent = ws_read(ws.client.read());
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].substr(0, 3) == "1z:");
    CHECK(sent[1] == "1:short");
    std::vector<std::byte> back;
    const std::string body = sent[0].substr(3);
    CHECK(peer.inflate(std::as_bytes(std::span{body}), 10'000, back) == WsCompressor::Result::ok);
    CHECK(text_of(back) == large);

    CHECK(reaction(ws_frame(ws_opcode::text, packed("\xFF\xFE"), true, true), options) ==
          "8:1007 close bad_utf8");
    CHECK(reaction(ws_frame(ws_opcode::binary, packed(large), true, true), options, 4999) ==
          "8:1009 close payload_too_large");
    CHECK(reaction(ws_frame(ws_opcode::binary, "\xFF\xFF\xFF", true, true), options) ==
          "8:1007 close bad_utf8");
    CHECK(reaction(ws_frame(ws_opcode::text, "a", false) +
                       ws_frame(ws_opcode::continuation, "b", true, true),
                   options) == "8:1002 close protocol_error");
}

TEST_CASE("a blocked message waits unmasked and inflated, and nothing overtakes it") {
    WebSocketOptions options;
    options.permessage_deflate = true;
    WsTest ws{Framing::u16le, options};
    ws.upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    WsCompressor peer;
    const std::string_view text = "packed packed packed";
    const std::string packed = text_of(peer.deflate(std::as_bytes(std::span{text}), {}));
    for (std::size_t taken = 0; taken < 4; ++taken) {
        ws.test.events.block_after = taken;
        if (taken == 0) {
            ws.exchange(ws_frame(ws_opcode::text, "a") +
                        ws_frame(ws_opcode::text, packed, true, true) +
                        ws_frame(ws_opcode::binary, "c", false) +
                        ws_frame(ws_opcode::continuation, "d") + ws_frame(ws_opcode::text, "e"));
        } else {
            ws.test.shard.resume(ws.test.events.opened.at(0));
            ws.exchange("");
        }
        CHECK(ws.test.events.frames.size() == taken);
    }
    ws.test.events.block_after = SIZE_MAX;
    ws.test.shard.resume(ws.test.events.opened.at(0));
    ws.exchange("");
    CHECK(ws.test.events.frames ==
          std::vector<std::string>{"text:0:a", "text:0:packed packed packed", "0:cd", "text:0:e"});
}
