// ShardCore: WebSocket between a byte stream and frames.
#include "host/core/assert.h"
#include "host/net/address.h"
#include "host/net/sha1.h"
#include "host/net/shard_core.h"
#include "host/net/ws_handshake.h"
#include "host/net/ws_session.h"

namespace gantry::net {

void ShardCore::start_websocket(Connection& c) {
    const Endpoint& endpoint = *c.endpoint;
    const std::uint64_t header = endpoint.framing == Framing::gantry ? frame_header_bytes : 0;
    const WsLimits limits{endpoint.payload_bytes_max + header, endpoint.ws.fragments_max,
                          endpoint.ws.control_frames_per_s};
    c.ws = std::make_unique<WsSession>(endpoint.client, limits);
    c.ws->handshake = std::make_unique<WsHandshake>();
    c.state = ConnectionState::handshaking;
    if (!endpoint.client) return;

    std::uint8_t key[16];
    fill_from_system(std::as_writable_bytes(std::span{key}));
    c.ws->handshake->key = base64(key);
    const std::string request =
        make_ws_request(endpoint.ws, address_text(c.remote), c.ws->handshake->key);
    append(c, std::as_bytes(std::span{request}));
    mark_dirty(c);
}

std::size_t ShardCore::consume_handshake(Connection& c, std::span<const std::byte> bytes) {
    WsHandshake& handshake = *c.ws->handshake;
    if (c.endpoint->client) {
        const std::size_t taken = handshake.response.feed(bytes);
        if (handshake.response.state() == HttpState::need_more) return taken;
        bool deflate = false;
        if (handshake.response.state() == HttpState::failed ||
            check_ws_response(handshake.response.response(), c.endpoint->ws, handshake.key,
                              deflate) != nullptr) {
            drop(c, CloseReason::protocol_error);
            return taken;
        }
        if (deflate) c.ws->enable_deflate();
        c.ws->handshake.reset();
        opened(c, c.endpoint->ws.path);
        return taken;
    }

    const std::size_t taken = handshake.request.feed(bytes);
    if (handshake.request.state() == HttpState::need_more) return taken;
    if (handshake.request.state() == HttpState::failed) {
        const HttpFailure& failure = handshake.request.failure();
        refuse_handshake(c, ws_refusal(failure.status, failure.sentence));
        return taken;
    }
    const WsAnswer answer = answer_ws_request(handshake.request.request(), c.endpoint->ws);
    if (!answer.accepted) {
        refuse_handshake(c, answer.response);
        return taken;
    }
    append(c, std::as_bytes(std::span{answer.response}));
    mark_dirty(c);
    if (answer.deflate) c.ws->enable_deflate();
    const std::string target = handshake.request.request().target;
    c.ws->handshake.reset();
    opened(c, target);
    return taken;
}

void ShardCore::refuse_handshake(Connection& c, const std::string& response) {
    append(c, std::as_bytes(std::span{response}));
    begin_close(c, CloseReason::protocol_error);
}

std::size_t ShardCore::consume_websocket(Connection& c, std::span<std::byte> bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && c.state == ConnectionState::open && !c.blocked) {
        const WsEvent event = c.ws->next(bytes.subspan(at), compressor_, now_);
        at += event.consumed;
        switch (event.what) {
            case WsEvent::What::need_more:
                c.needed_bytes = narrow(event.needed);
                return at;
            case WsEvent::What::nothing:
                // A ping is answered in its place, before what is said to later messages; to a peer
                // that does not read, only the last one of a batch is.
                if (c.out.bytes() <= c.endpoint->queue.high_bytes) append_websocket_control(c);
                mark_dirty(c);
                break;
            case WsEvent::What::error:
                begin_close(c, event.error);
                break;
            case WsEvent::What::close:
                websocket_closed_by_peer(c, event.payload);
                break;
            case WsEvent::What::message: {
                c.peer_text = event.text;
                const Cut cut = cut_message(c.endpoint->framing, c.endpoint->payload_bytes_max,
                                            event.payload, event.text);
                if (cut.what == Cut::What::error) fail_frame(c, cut.error);
                if (cut.what == Cut::What::frame) deliver_or_hold(c, cut.frame);
                c.ws->release_message();
                break;
            }
        }
    }
    if (c.blocked) c.needed_bytes = 0;
    return at;
}

// The peer's code goes back to it, then both sides end the stream.
void ShardCore::websocket_closed_by_peer(Connection& c, std::span<const std::byte> payload) {
    append_websocket_control(c);
    append_websocket(c, ws_opcode::close, false, payload.first(payload.size() < 2 ? 0 : 2), {});
    c.ws->set_close_sent();
    begin_close(c, CloseReason::peer_closed);
}

Status ShardCore::enqueue_websocket(Connection& c, const FrameHead& head, Bytes payload,
                                    bool text) {
    std::byte header[frame_header_bytes];
    const bool gantry = c.endpoint->framing == Framing::gantry;
    if (gantry && text) return Status::invalid;
    if (gantry) encode_head(head, header);
    const std::span<const std::byte> first{header, gantry ? frame_header_bytes : 0};
    const bool as_text = !gantry && (text || c.peer_text);
    const std::uint8_t opcode = as_text ? ws_opcode::text : ws_opcode::binary;

    const std::size_t size = first.size() + static_cast<std::size_t>(payload.size);
    if (c.ws->deflates() && size >= c.endpoint->ws.deflate_payload_bytes_min) {
        const auto compressed = compressor_.deflate(first, payload.span());
        if (compressed.size() < size) {
            append_websocket(c, opcode, true, compressed, {});
            return Status::ok;
        }
    }
    append_websocket(c, opcode, false, first, payload.span());
    return Status::ok;
}

// One frame, made of two parts that follow one another.
void ShardCore::append_websocket(Connection& c, std::uint8_t opcode, bool compressed,
                                 std::span<const std::byte> first,
                                 std::span<const std::byte> second) {
    std::byte head[ws_head_bytes_max];
    const std::uint64_t size = first.size() + second.size();
    if (!c.ws->client()) {
        append(c, {head, encode_ws_head(opcode, compressed, size, nullptr, head)});
        append(c, first);
        append(c, second);
        return;
    }
    WsMask mask;
    fill_from_system(mask);
    append(c, {head, encode_ws_head(opcode, compressed, size, &mask, head)});
    // Masked in slices, on their way into the queue.
    std::size_t offset = 0;
    for (std::span<const std::byte> part : {first, second}) {
        while (!part.empty()) {
            const auto count = std::min<std::size_t>(part.size(), SendQueue::extend_bytes_max);
            std::byte* const to = c.out.extend(pool_, static_cast<std::uint32_t>(count));
            std::memcpy(to, part.data(), count);
            apply_ws_mask({to, count}, mask, offset);
            offset += count;
            part = part.subspan(count);
        }
    }
}

void ShardCore::append_websocket_shared_head(Connection& c, bool text, std::uint64_t bytes) {
    const bool as_text = c.endpoint->framing != Framing::gantry && (text || c.peer_text);
    std::byte head[ws_head_bytes_max];
    const std::uint8_t opcode = as_text ? ws_opcode::text : ws_opcode::binary;
    append(c, {head, encode_ws_head(opcode, false, bytes, nullptr, head)});
}

void ShardCore::append_websocket_close(Connection& c, std::uint16_t code) {
    if (c.ws->close_sent()) return;
    c.ws->set_close_sent();
    const std::byte payload[] = {static_cast<std::byte>(code >> 8),
                                 static_cast<std::byte>(code & 0xFF)};
    append_websocket(c, ws_opcode::close, false, payload, {});
}

// Pings and pongs that came up since the last flush; nothing may follow a close frame.
void ShardCore::append_websocket_control(Connection& c) {
    if (c.state != ConnectionState::open || c.ws->close_sent()) return;
    std::byte payload[ws_control_payload_bytes_max];
    std::size_t bytes = 0;
    if (c.ws->take_pong(payload, bytes)) {
        append_websocket(c, ws_opcode::pong, false, {payload, bytes}, {});
    }
    if (c.ws->take_ping()) append_websocket(c, ws_opcode::ping, false, {}, {});
}

}  // namespace gantry::net
