// A WebSocket client made of bytes, for tests: writes any frame, also wrong ones, and reads frames.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/net/ws_codec.h"
#include "tests/support/net.h"

namespace gantry::test {

/// One masked frame as a client sends it. `first` is FIN, RSV and opcode; FIN is added by default.
inline std::string ws_frame(std::uint8_t opcode, std::string_view payload, bool fin = true,
                            bool rsv1 = false, bool masked = true) {
    const net::WsMask mask{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
    std::byte head[net::ws_head_bytes_max];
    const std::size_t bytes =
        net::encode_ws_head(opcode, rsv1, payload.size(), masked ? &mask : nullptr, head);
    if (!fin) head[0] &= std::byte{0x7F};
    std::string wire{reinterpret_cast<const char*>(head), bytes};
    std::string body{payload};
    if (masked) net::apply_ws_mask(std::as_writable_bytes(std::span{body}), mask);
    return wire + body;
}

/// A close frame's payload.
inline std::string ws_close_payload(unsigned code, std::string_view reason = "") {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return payload.append(reason);
}

inline std::string ws_request(std::string_view path = "/", std::string_view more = "") {
    return "GET " + std::string{path} +
           " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string{more} + "\r\n";
}

/// Frames that a server sent, as "opcode:payload"; a close as "8:code".
inline std::vector<std::string> ws_read(std::string_view wire) {
    std::vector<std::string> frames;
    while (!wire.empty()) {
        net::WsHead head;
        std::size_t needed = 0;
        const auto bytes = std::as_bytes(std::span{wire});
        if (net::parse_ws_head(bytes, head, needed) != net::WsHeadResult::ok) {
            frames.push_back("?");
            return frames;
        }
        const std::string payload{wire.substr(head.head_bytes, head.payload_bytes)};
        std::string text = std::to_string(head.opcode) + (head.rsv1 ? "z:" : ":");
        if (head.opcode == net::ws_opcode::close && payload.size() >= 2) {
            const auto high = static_cast<unsigned char>(payload[0]);
            const auto low = static_cast<unsigned char>(payload[1]);
            text += std::to_string(high * 256 + low);
        } else {
            text += payload;
        }
        frames.push_back(text);
        wire.remove_prefix(head.head_bytes + head.payload_bytes);
    }
    return frames;
}

/// A shard with one client; u16le keeps payloads bare, so that text is allowed.
struct WsTest {
    explicit WsTest(net::Framing framing = net::Framing::u16le, net::WebSocketOptions options = {},
                    std::uint32_t payload_bytes_max = 65'535) {
        net::ListenerConfig config = test.listener(framing, "ws+memory");
        config.websocket = std::move(options);
        config.payload_bytes_max = payload_bytes_max;
        const auto bound = test.shard.listen(config);
        GANTRY_ASSERT(bound.has_value());
        client = test.connect();
    }
    WsTest& upgrade(std::string_view more = "") {
        answer = exchange(ws_request("/", more));
        return *this;
    }
    std::string exchange(std::string_view bytes) {
        client.write(bytes);
        test.settle();
        return client.read();
    }

    MemoryShard test;
    net::MemoryClient client;
    std::string answer;
};

}  // namespace gantry::test
