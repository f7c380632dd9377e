#include "host/net/ws_session.h"

#include <algorithm>
#include <cstring>

#include "host/net/little_endian.h"
#include "host/net/ws_handshake.h"

namespace gantry::net {

namespace {

WsEvent failed(CloseReason reason) {
    WsEvent event;
    event.what = WsEvent::What::error;
    event.error = reason;
    return event;
}

WsEvent nothing() {
    WsEvent event;
    event.what = WsEvent::What::nothing;
    return event;
}

}  // namespace

WsSession::WsSession(bool client, WsLimits limits) noexcept : limits_{limits}, client_{client} {}
WsSession::~WsSession() = default;

WsEvent WsSession::next(std::span<std::byte> bytes, WsCompressor& compressor, TimeNs now) {
    WsHead head;
    WsEvent event;
    switch (parse_ws_head(bytes, head, event.needed)) {
        case WsHeadResult::need_more:
            return event;
        case WsHeadResult::malformed:
            return failed(CloseReason::protocol_error);
        case WsHeadResult::ok:
            break;
    }
    event = check_head(head);
    if (event.what == WsEvent::What::error) return event;
    const std::size_t total = head.head_bytes + static_cast<std::size_t>(head.payload_bytes);
    if (bytes.size() < total) {
        if (!head.control() && !check_text(head, bytes.subspan(head.head_bytes))) {
            return failed(CloseReason::bad_utf8);
        }
        event.what = WsEvent::What::need_more;
        event.needed = total;
        return event;
    }
    const auto payload =
        bytes.subspan(head.head_bytes, static_cast<std::size_t>(head.payload_bytes));
    if (head.masked) apply_ws_mask(payload, head.mask);
    event =
        head.control() ? control_frame(head, payload, now) : data_frame(head, payload, compressor);
    event.consumed = total;
    return event;
}

// All that the head alone can tell, before a byte of the payload is waited for.
WsEvent WsSession::check_head(const WsHead& head) const {
    if (head.masked == client_) return failed(CloseReason::protocol_error);
    if (head.control()) return nothing();
    const bool continues = head.opcode == ws_opcode::continuation;
    if (continues != in_message_) return failed(CloseReason::protocol_error);
    if (head.rsv1 && (!deflates_ || continues)) return failed(CloseReason::protocol_error);
    const std::uint64_t have = in_message_ ? assembled_.size() : 0;
    if (head.payload_bytes > limits_.message_bytes_max - have) {
        return failed(CloseReason::payload_too_large);
    }
    return nothing();
}

// Text is refused at its first bad byte, also when that comes before the end of its frame. The
// bytes stay masked: they are looked at in a copy, each once.
bool WsSession::check_text(const WsHead& head, std::span<const std::byte> masked) {
    const bool starts = head.opcode != ws_opcode::continuation;
    const bool text = starts ? head.opcode == ws_opcode::text : text_;
    if (!text || (starts ? head.rsv1 : compressed_)) return true;
    if (starts && checked_bytes_ == 0) utf8_.reset();
    std::array<std::byte, 256> copy;
    while (checked_bytes_ < masked.size()) {
        const std::size_t count = std::min(copy.size(), masked.size() - checked_bytes_);
        const std::span plain{copy.data(), count};
        std::memcpy(plain.data(), masked.data() + checked_bytes_, count);
        if (head.masked) apply_ws_mask(plain, head.mask, checked_bytes_);
        if (!utf8_.feed(plain)) return false;
        checked_bytes_ += count;
    }
    return true;
}

WsEvent WsSession::data_frame(const WsHead& head, std::span<std::byte> payload,
                              WsCompressor& compressor) {
    if (!in_message_) {
        text_ = head.opcode == ws_opcode::text;
        compressed_ = head.rsv1;
        fragments_ = 0;
        if (checked_bytes_ == 0) utf8_.reset();
    }
    if (++fragments_ > limits_.fragments_max) return failed(CloseReason::flood);
    // What is compressed can only be checked when it is whole.
    const auto unchecked = payload.subspan(std::exchange(checked_bytes_, 0));
    if (text_ && !compressed_ && !utf8_.feed(unchecked)) return failed(CloseReason::bad_utf8);

    if (head.fin && !in_message_) return whole_message(payload, compressor);
    assembled_.insert(assembled_.end(), payload.begin(), payload.end());
    in_message_ = !head.fin;
    return head.fin ? whole_message(assembled_, compressor) : nothing();
}

WsEvent WsSession::whole_message(std::span<const std::byte> payload, WsCompressor& compressor) {
    if (compressed_) {
        const auto bytes_max = static_cast<std::size_t>(limits_.message_bytes_max);
        switch (compressor.inflate(payload, bytes_max, inflated_)) {
            case WsCompressor::Result::ok:
                break;
            case WsCompressor::Result::too_large:
                return failed(CloseReason::payload_too_large);
            case WsCompressor::Result::malformed:
                return failed(CloseReason::bad_utf8);
        }
        payload = inflated_;
        if (text_) utf8_.feed(payload);
    }
    if (text_ && !utf8_.complete()) return failed(CloseReason::bad_utf8);
    WsEvent event;
    event.what = WsEvent::What::message;
    event.text = text_;
    event.payload = payload;
    return event;
}

WsEvent WsSession::control_frame(const WsHead& head, std::span<std::byte> payload, TimeNs now) {
    if (now - control_since_ >= ns_per_s) {
        control_since_ = now;
        control_frames_ = 0;
    }
    if (++control_frames_ > limits_.control_frames_per_s) return failed(CloseReason::flood);

    if (head.opcode == ws_opcode::ping) {
        if (pong_ == nullptr) pong_.reset(new std::array<std::byte, ws_control_payload_bytes_max>);
        std::copy(payload.begin(), payload.end(), pong_->begin());
        pong_bytes_ = static_cast<std::uint8_t>(payload.size());
        pong_wanted_ = true;
        return nothing();
    }
    if (head.opcode == ws_opcode::pong) return nothing();

    // A close frame: empty, or a code that may be sent and a reason in UTF-8.
    if (payload.size() == 1) return failed(CloseReason::protocol_error);
    if (payload.size() >= 2) {
        if (!ws_close_code_allowed(load_be<std::uint16_t>(payload.data()))) {
            return failed(CloseReason::protocol_error);
        }
        Utf8Check reason;
        if (!reason.feed(payload.subspan(2)) || !reason.complete()) {
            return failed(CloseReason::bad_utf8);
        }
    }
    WsEvent event;
    event.what = WsEvent::What::close;
    event.payload = payload;
    return event;
}

// An idle connection owns no buffer.
void WsSession::release_message() noexcept {
    if (assembled_.capacity() != 0) std::vector<std::byte>{}.swap(assembled_);
    if (inflated_.capacity() != 0) std::vector<std::byte>{}.swap(inflated_);
}

bool WsSession::take_pong(std::span<std::byte> payload, std::size_t& bytes) noexcept {
    if (!std::exchange(pong_wanted_, false)) return false;
    std::copy_n(pong_->begin(), pong_bytes_, payload.begin());
    bytes = pong_bytes_;
    return true;
}

}  // namespace gantry::net
