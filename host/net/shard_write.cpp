// ShardCore: queues, gathered writes and watermarks.
#include <cstring>

#include "host/core/assert.h"
#include "host/net/shard_core.h"

namespace gantry::net {

Status ShardCore::send(ConnectionId id, const FrameHead& head, Bytes payload, bool text) {
    Connection* const c = find_open(id);
    if (c == nullptr) return Status::not_found;
    ++counters_.encodings;
    return enqueue(*c, head, payload, text);
}

Status ShardCore::enqueue(Connection& c, const FrameHead& head, Bytes payload, bool text) {
    const Endpoint& endpoint = *c.endpoint;
    const std::uint64_t plain_bytes = frame_header_bytes + payload.size;
    if (c.plain && plain_bytes <= SendQueue::extend_bytes_max &&
        c.out.bytes() + plain_bytes <= endpoint.queue.high_bytes) [[likely]] {
        std::byte* const at = c.out.extend(pool_, static_cast<std::uint32_t>(plain_bytes));
        encode_head(head, static_cast<std::uint32_t>(payload.size), at);
        if (payload.size != 0) std::memcpy(at + frame_header_bytes, payload.data, payload.size);
        ++c.messages_out;
        ++counters_.frames_out;
        mark_dirty(c);
        return Status::ok;
    }
    if (payload.size > framing_payload_bytes_limit(endpoint.framing)) return Status::invalid;
    if (const Status room = make_room(c, frame_prefix_bytes_max + payload.size);
        room != Status::ok) {
        return room;
    }
    FrameHead sized = head;
    sized.payload_bytes = static_cast<std::uint32_t>(payload.size);
    if (c.ws != nullptr) {
        if (const Status status = enqueue_websocket(c, sized, payload, text);
            status != Status::ok) {
            return status;
        }
    } else if (endpoint.kind == LinkKind::message) {
        std::byte prefix[frame_header_bytes];
        const bool with_header = endpoint.framing == Framing::gantry;
        if (with_header) encode_head(sized, prefix);
        const std::span<const std::byte> shown{prefix, with_header ? frame_header_bytes : 0};
        c.out.append_message(pool_, shown, payload.span(), text || c.peer_text);
    } else if (endpoint.framing == Framing::line &&
               payload.text().find('\n') != std::string::npos) {
        return Status::invalid;  // it would be two lines
    } else {
        enqueue_stream(c, sized, payload);
    }
    ++c.messages_out;
    ++counters_.frames_out;
    mark_dirty(c);
    return Status::ok;
}

bool ShardCore::send_frames(ConnectionId id, std::span<const std::byte> frames,
                            std::uint32_t count) {
    Connection* const c = find_open(id);
    const bool as_they_are =
        c != nullptr && c->plain && c->out.bytes() + frames.size() <= c->endpoint->queue.high_bytes;
    if (!as_they_are) return false;
    c->out.append(pool_, frames);
    c->messages_out += count;
    counters_.encodings += count;
    counters_.frames_out += count;
    mark_dirty(*c);
    return true;
}

void ShardCore::enqueue_stream(Connection& c, const FrameHead& head, Bytes payload) {
    const Framing framing = c.endpoint->framing;
    std::byte prefix[frame_prefix_bytes_max];
    append(c, {prefix, encode_prefix(framing, head, prefix)});
    append(c, payload.span());
    if (framing == Framing::line) *c.out.extend(pool_, 1) = std::byte{'\n'};
}

Status ShardCore::send_shared(ConnectionId id, const SharedMessage& message) {
    Connection* const c = find_open(id);
    if (c == nullptr) return Status::not_found;
    const Endpoint& endpoint = *c->endpoint;
    const bool gantry = endpoint.framing == Framing::gantry;
    const std::span<const std::byte> shown = gantry ? message.wire() : message.payload();
    // What this framing cannot reference whole is written like any other message.
    if (endpoint.framing == Framing::line || (c->ws != nullptr && endpoint.client)) {
        return send(id, message.head(), message.payload(), message.text());
    }
    if (message.payload().size() > framing_payload_bytes_limit(endpoint.framing)) {
        return Status::invalid;
    }
    if (const Status room = make_room(*c, frame_prefix_bytes_max + shown.size());
        room != Status::ok) {
        return room;
    }
    if (c->ws != nullptr) {
        append_websocket_shared_head(*c, message.text(), shown.size());
    } else if (endpoint.kind == LinkKind::message) {
        c->out.append_shared_message(pool_, message, shown, message.text() || c->peer_text);
    } else if (!gantry) {
        std::byte prefix[frame_prefix_bytes_max];
        append(*c, {prefix, encode_prefix(endpoint.framing, message.head(), prefix)});
    }
    if (endpoint.kind == LinkKind::stream && !shown.empty()) {
        c->out.append_shared(pool_, message, shown);
    }
    ++c->messages_out;
    ++counters_.frames_out;
    ++counters_.shared_sends;
    mark_dirty(*c);
    return Status::ok;
}

// A batch may be larger than the queue's limits while the peer reads well: try to write first.
Status ShardCore::make_room(Connection& c, std::uint64_t bytes) {
    const QueueLimits& limits = c.endpoint->queue;
    if (c.out.bytes() + bytes <= limits.high_bytes) [[likely]]
        return Status::ok;
    if (bytes > limits.max_bytes) return Status::invalid;
    if (!c.write_waits) write_out(c);
    if (c.state != ConnectionState::open) return Status::not_found;
    if (c.out.bytes() + bytes <= limits.max_bytes) return Status::ok;
    drop(c, CloseReason::slow_consumer);
    return Status::limit;
}

void ShardCore::flush() { flush_dirty(); }

// Handlers of watermarks may send: those connections come in the next round.
void ShardCore::flush_dirty() {
    flushing_.swap(dirty_);
    for (Connection* const c : flushing_) {
        if (!c->dirty) continue;
        c->dirty = false;
        if (c->ws != nullptr) append_websocket_control(*c);
        if (!c->write_waits) write_out(*c);
        check_watermarks(*c);
        if (c->state == ConnectionState::closing && c->out.empty()) finish_sending(*c);
    }
    flushing_.clear();
}

void ShardCore::write_out(Connection& c) {
    while (!c.out.empty() && c.state != ConnectionState::gone) {
        const bool stream = c.endpoint->kind == LinkKind::stream;
        const std::uint32_t gathered = c.out.gather(parts_);
        const std::uint32_t count = stream ? gathered : 1;
        const bool text = !stream && c.out.front_text();
        const LinkIo io = c.link->writev(parts_, count, text ? link_text : 0);
        ++counters_.writes;
        if (io.result == LinkResult::failed) return drop(c, CloseReason::reset);
        if (io.result != LinkResult::ok) {
            ++counters_.write_blocked;
            c.write_waits = true;
            if (c.edge.sink != nullptr) edges_.arm_write(c.edge);
            return;
        }
        c.bytes_out += io.bytes;
        counters_.bytes_out += io.bytes;
        c.out.consume(pool_, io.bytes);
    }
}

void ShardCore::check_watermarks(Connection& c) {
    if (c.state != ConnectionState::open) return;
    const QueueLimits& limits = c.endpoint->queue;
    if (!c.above_high && c.out.bytes() > limits.high_bytes) {
        c.above_high = true;
        ++counters_.high_watermarks;
        events_.on_high_watermark(c.id);
        return;
    }
    if (c.out.bytes() > limits.low_bytes) return;
    if (c.echo_blocked) mark_ready(c, ready_flags::replay);
    if (!c.above_high) return;
    c.above_high = false;
    events_.on_low_watermark(c.id);
}

}  // namespace gantry::net
