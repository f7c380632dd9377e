// ShardCore: from readiness to frames. Frames are cut in place; only what is left over is copied.
#include <algorithm>
#include <cstring>
#include <new>

#include "host/core/assert.h"
#include "host/net/shard_core.h"

namespace gantry::net {

namespace {

CloseReason reason_of(FrameError error) noexcept {
    switch (error) {
        case FrameError::payload_too_large:
            return CloseReason::payload_too_large;
        case FrameError::text_refused:
            return CloseReason::text_refused;
        default:
            return CloseReason::protocol_error;
    }
}

}  // namespace

void ShardCore::read_turn(Connection& c, bool show_again) {
    if (c.state == ConnectionState::gone || c.peer_ended) return;
    if (c.blocked && !(show_again && replay(c))) return;

    std::uint64_t budget = config.read_bytes_per_turn;
    while (c.state != ConnectionState::gone && !c.blocked) {
        const std::uint64_t before = c.bytes_in;
        const Received received =
            c.endpoint->kind == LinkKind::stream ? read_stream(c) : read_message(c);
        if (received.result == LinkResult::failed) return drop(c, CloseReason::reset);
        if (received.result == LinkResult::end) return peer_ended(c);
        if (received.result == LinkResult::would_block || !received.more) break;

        const std::uint64_t taken = c.bytes_in - before;
        if (taken >= budget) return mark_ready(c, ready_flags::readable);
        budget -= taken;
    }
    // A large answer is written while it is in the cache; small ones wait to be gathered.
    if (c.dirty && c.out.bytes() >= config.early_write_bytes && !c.write_waits) write_out(c);
    const bool waits = c.state != ConnectionState::gone && !c.blocked;
    if (waits && c.edge.sink != nullptr) edges_.arm_read(c.edge);
}

// True when nothing is blocked any more.
bool ShardCore::replay(Connection& c) {
    c.blocked = false;
    c.echo_blocked = false;
    if (HeldFrame* const held = std::exchange(c.held, nullptr)) {
        const auto* const payload = reinterpret_cast<const std::byte*>(held + 1);
        const Frame frame{held->head, {payload, held->head.payload_bytes}, held->text};
        const bool taken = deliver(c, frame) == FrameVerdict::taken;
        if (taken || c.state != ConnectionState::open) {
            pool_.free({reinterpret_cast<std::byte*>(held), held->block_bytes});
        } else {
            c.held = held;
            c.blocked = true;
            return false;
        }
    }
    if (c.pending_bytes != 0 && delivers(c)) consume_pending(c);
    return !c.blocked;
}

ShardCore::Received ShardCore::read_stream(Connection& c) {
    const std::size_t buffer_bytes = config.receive_buffer_bytes;
    // A frame larger than the receive buffer grows in memory of its own, as far as it has come.
    const bool own = c.pending_bytes != 0 && c.needed_bytes > buffer_bytes;
    if (own && c.pending_bytes == c.pending.bytes) grow_pending(c);
    std::byte* const base = own ? c.pending.data : receive_buffer_.get();
    const std::size_t room =
        own ? std::min(c.pending.bytes, c.needed_bytes) - c.pending_bytes : buffer_bytes;

    const LinkIo io = c.link->read(base + c.pending_bytes, room);
    ++counters_.reads;
    if (io.result != LinkResult::ok) return {io.result, false};
    c.bytes_in += io.bytes;
    counters_.bytes_in += io.bytes;
    c.last_activity = now_;
    const Received received{LinkResult::ok, (io.flags & link_drained) == 0};
    if (!delivers(c)) {
        release_pending(c);
        return received;
    }

    if (own) {
        c.pending_bytes += static_cast<std::uint32_t>(io.bytes);
        if (c.pending_bytes >= c.needed_bytes) consume_pending(c);
        return received;
    }
    const std::size_t before = c.pending_bytes;
    if (before != 0) {
        std::memcpy(base, c.pending.data, before);
        pool_.free(std::exchange(c.pending, Block{}));
        c.pending_bytes = 0;
    }
    const std::span bytes{base, before + static_cast<std::size_t>(io.bytes)};
    const std::size_t consumed = consume(c, bytes);
    if (delivers(c)) keep(c, bytes.subspan(consumed));
    return received;
}

ShardCore::Received ShardCore::read_message(Connection& c) {
    Block large;
    std::span<std::byte> buffer{receive_buffer_.get(),
                                2 * std::size_t{config.receive_buffer_bytes}};
    LinkIo io = c.link->read(buffer.data(), buffer.size());
    ++counters_.reads;
    if (io.result == LinkResult::too_large) {
        if (io.bytes > std::uint64_t{c.endpoint->payload_bytes_max} + frame_header_bytes) {
            fail_frame(c, FrameError::payload_too_large);
            return {LinkResult::ok, false};
        }
        large = pool_.allocate(static_cast<std::uint32_t>(io.bytes));
        buffer = {large.data, large.bytes};
        io = c.link->read(buffer.data(), buffer.size());
    }
    if (io.result == LinkResult::ok) {
        c.bytes_in += io.bytes;
        counters_.bytes_in += io.bytes;
        c.last_activity = now_;
    }
    if (io.result == LinkResult::ok && delivers(c)) {
        const auto bytes = buffer.first(static_cast<std::size_t>(io.bytes));
        const Cut cut = cut_message(c.endpoint->framing, c.endpoint->payload_bytes_max, bytes,
                                    (io.flags & link_text) != 0);
        if (cut.what == Cut::What::error) fail_frame(c, cut.error);
        if (cut.what == Cut::What::frame) deliver_or_hold(c, cut.frame);
    }
    pool_.free(large);
    return {io.result == LinkResult::too_large ? LinkResult::failed : io.result, true};
}

void ShardCore::consume_pending(Connection& c) {
    const Block block = std::exchange(c.pending, Block{});
    const std::span bytes{block.data, std::exchange(c.pending_bytes, 0)};
    const std::size_t consumed = consume(c, bytes);
    if (delivers(c) && consumed == 0) {
        c.pending = block;
        c.pending_bytes = static_cast<std::uint32_t>(bytes.size());
        return;
    }
    if (delivers(c)) keep(c, bytes.subspan(consumed));
    pool_.free(block);
}

// Returns how many bytes from the front are done with.
std::size_t ShardCore::consume(Connection& c, std::span<std::byte> bytes) {
    if (c.state == ConnectionState::handshaking) {
        const std::size_t consumed = consume_handshake(c, bytes);
        if (c.state != ConnectionState::open) return consumed;
        return consumed + consume_websocket(c, bytes.subspan(consumed));
    }
    return c.ws != nullptr ? consume_websocket(c, bytes) : consume_frames(c, bytes);
}

std::size_t ShardCore::consume_frames(Connection& c, std::span<const std::byte> bytes) {
    const Framing framing = c.endpoint->framing;
    const std::uint32_t payload_bytes_max = c.endpoint->payload_bytes_max;
    if (framing == Framing::gantry) return consume_gantry(c, bytes);
    std::size_t scanned = std::exchange(c.scanned_bytes, 0);
    std::size_t at = 0;
    while (at < bytes.size()) {
        const Cut cut = cut_frame(framing, payload_bytes_max, bytes.subspan(at), scanned);
        scanned = 0;
        if (cut.what == Cut::What::need_more) {
            c.needed_bytes = static_cast<std::uint32_t>(cut.needed);
            if (framing == Framing::line) {
                c.scanned_bytes = static_cast<std::uint32_t>(bytes.size() - at);
            }
            break;
        }
        if (cut.what == Cut::What::error) {
            fail_frame(c, cut.error);
            break;
        }
        if (deliver(c, cut.frame) == FrameVerdict::blocked) {
            c.blocked = true;
            c.needed_bytes = 0;
            break;
        }
        at += cut.consumed;
        if (c.state != ConnectionState::open) break;
    }
    return at;
}

// The same as cut_frame for the framing that most connections have, without the detour over a Cut.
std::size_t ShardCore::consume_gantry(Connection& c, std::span<const std::byte> bytes) {
    const std::uint32_t payload_bytes_max = c.endpoint->payload_bytes_max;
    std::size_t at = 0;
    while (bytes.size() - at >= frame_header_bytes) {
        Frame frame{decode_head(bytes.data() + at), {}, false};  // no copy: see decode_head()
        const FrameHead& head = frame.head;
        const FrameError error = check_head(head, payload_bytes_max);
        if (error != FrameError::none) [[unlikely]] {
            fail_frame(c, error);
            return at;
        }
        const std::size_t total = frame_header_bytes + head.payload_bytes;
        if (bytes.size() - at < total) {
            c.needed_bytes = narrow(total);
            return at;
        }
        frame.payload = bytes.subspan(at + frame_header_bytes, head.payload_bytes);
        if (deliver(c, frame) == FrameVerdict::blocked) {
            c.blocked = true;
            c.needed_bytes = 0;
            return at;
        }
        at += total;
        if (c.state != ConnectionState::open) return at;
    }
    c.needed_bytes = frame_header_bytes;
    return at;
}

FrameVerdict ShardCore::deliver(Connection& c, const Frame& frame) {
    const bool echo = (frame.head.flags & frame_flags::echo) != 0;
    const FrameVerdict verdict = echo ? answer_echo(c, frame) : events_.on_frame(c.id, frame);
    if (verdict == FrameVerdict::taken) {
        ++c.messages_in;
        ++counters_.frames_in;
    } else {
        ++counters_.blocked;
    }
    return verdict;
}

// A peer that asks and does not read must not fill its queue: its next question waits.
FrameVerdict ShardCore::answer_echo(Connection& c, const Frame& frame) {
    if (c.out.bytes() > c.endpoint->queue.high_bytes) {
        c.echo_blocked = true;
        mark_dirty(c);
        return FrameVerdict::blocked;
    }
    FrameHead head = frame.head;
    head.flags = frame_flags::response;
    enqueue(c, head, frame.payload, frame.text);
    ++counters_.echoes;
    return FrameVerdict::taken;
}

// For frames that cannot be cut again from the bytes that are kept. False when it was held.
bool ShardCore::deliver_or_hold(Connection& c, const Frame& frame) {
    if (deliver(c, frame) == FrameVerdict::taken) return true;
    if (c.state != ConnectionState::open) return true;
    c.blocked = true;
    const auto payload_bytes = static_cast<std::uint32_t>(frame.payload.size());
    const Block block =
        pool_.allocate(static_cast<std::uint32_t>(sizeof(HeldFrame)) + payload_bytes);
    c.held = new (block.data) HeldFrame{frame.head, frame.text, block.bytes};
    if (payload_bytes != 0) std::memcpy(c.held + 1, frame.payload.data(), payload_bytes);
    return false;
}

// Keeps what was read and is no frame yet, or comes behind a blocked one.
void ShardCore::keep(Connection& c, std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    GANTRY_ASSERT(!c.pending);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const bool grows = c.needed_bytes > config.receive_buffer_bytes;
    c.pending = pool_.allocate(grows ? std::max(size, config.receive_buffer_bytes) : size);
    std::memcpy(c.pending.data, bytes.data(), size);
    c.pending_bytes = size;
}

// Doubles, so that a peer that announces much and sends little costs little.
void ShardCore::grow_pending(Connection& c) {
    const Block larger = pool_.allocate(std::min(c.needed_bytes, 2 * c.pending.bytes));
    std::memcpy(larger.data, c.pending.data, c.pending_bytes);
    pool_.free(c.pending);
    c.pending = larger;
}

void ShardCore::release_pending(Connection& c) noexcept {
    pool_.free(std::exchange(c.pending, Block{}));
    c.pending_bytes = 0;
    if (HeldFrame* const held = std::exchange(c.held, nullptr)) {
        pool_.free({reinterpret_cast<std::byte*>(held), held->block_bytes});
    }
}

void ShardCore::fail_frame(Connection& c, FrameError error) { begin_close(c, reason_of(error)); }

Status ShardCore::resume(ConnectionId id) {
    Connection* const c = find_open(id);
    if (c == nullptr) return Status::not_found;
    if (c->blocked) mark_ready(*c, ready_flags::replay);
    return Status::ok;
}

}  // namespace gantry::net
