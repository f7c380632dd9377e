// IoRoom, the way out: what workers and plugins send to sessions of this shard.
#include <cstring>
#include <new>
#include <utility>

#include "host/session/io_room.h"

namespace gantry::session {

bool IoRoom::drain_workers() {
    bool more = false;
    if (!detained_.empty() && !way_out_comes_back()) release_detained();
    for (Worker& worker : workers_) {
        route::RoomLink& link = *worker.to.link;
        // One ring's worth at most, so that reading has its turn.
        for (int budget = 16'384; budget > 0 && !way_out_comes_back(); --budget) {
            const auto record = link.to_shard.next();
            if (!record) break;
            handle(static_cast<route::ToShard>(record->kind), record->body);
            if (budget == 1) more = true;
        }
        if (link.to_shard.release() && link.worker_waits.exchange(false)) worker.to.waker->wake();
    }
    return more;
}

void IoRoom::handle(route::ToShard kind, std::span<std::byte> body) {
    switch (kind) {
        case route::ToShard::send: {
            const auto record = route::read_as<route::SendRecord>(body);
            return send_frames(record, body.subspan(sizeof record));
        }
        case route::ToShard::shared:
            return handle_shared(body);
        case route::ToShard::credit: {
            const auto record = route::read_as<route::CreditRecord>(body);
            if (Session* const session = sessions_.find(record.session)) {
                session->credit_messages -= std::min(record.messages, session->credit_messages);
                session->credit_bytes -= std::min(record.bytes, session->credit_bytes);
            }
            return;
        }
        case route::ToShard::close: {
            const auto record = route::read_as<route::CloseRecord>(body);
            close(record.session, static_cast<net::CloseReason>(record.reason));
            return;
        }
        case route::ToShard::move: {
            const auto record = route::read_as<route::MoveRecord>(body);
            return handle_move(record);
        }
        case route::ToShard::forward:
            return forward(body);
        case route::ToShard::moved: {
            const auto record = route::read_as<route::MoveRecord>(body);
            if (Session* const session = sessions_.find(record.session)) session->moving = false;
            return;
        }
    }
}

// In one piece where nobody wants to see them one by one.
void IoRoom::send_frames(const route::SendRecord& record, std::span<const std::byte> frames) {
    counters_.messages_from_worlds += record.count;
    const Session* const session = sessions_.find(record.session);
    if (session != nullptr && !has_outbound(*session) && !followed(SessionEventKind::sent) &&
        shard_.send_frames(session->connection, frames, record.count)) {
        return;
    }
    while (!frames.empty()) {
        const net::FrameHead head = net::decode_head(frames.data());
        frames = frames.subspan(net::frame_header_bytes);
        (void)send(record.session, head, Bytes{frames.first(head.payload_bytes)}, record.text != 0);
        frames = frames.subspan(head.payload_bytes);
    }
}

Status IoRoom::send(SessionId to, const net::FrameHead& head, Bytes payload, bool text) {
    Session* const session = sessions_.find(to);
    if (session == nullptr) {
        ++counters_.undeliverable;
        return Status::not_found;
    }
    const bool layers = has_outbound(*session);
    Status status = Status::unavailable;
    if (!layers) {
        status = shard_.send(session->connection, head, payload, text);
    } else if (!layer_comes_back(*session)) {
        status = send_through_layers(*session, head, payload, text);
    }
    if (layers && status == Status::unavailable) return detain(to, head, payload, text);
    if (followed(SessionEventKind::sent) && status == Status::ok) {
        tell(SessionEventKind::sent, to, {}, head.message_id, payload.size);
    }
    return status;
}

Status IoRoom::send_through_layers(Session& session, net::FrameHead head, Bytes payload,
                                   bool text) {
    IoMessage message;
    message.session = session.id;
    message.id = head.message_id;
    message.flags = head.flags;
    message.channel = head.channel;
    message.correlation = head.correlation_id;
    message.payload = payload;
    message.text = text ? 1 : 0;
    switch (tables_->onions[session.listener].outbound(message)) {
        case Verdict::pass:
            break;
        case Verdict::close:
            ++counters_.layer_closes;
            (void)shard_.close(session.connection, net::CloseReason::refused);
            return Status::refused;
        default:
            // It crashed with this message: what goes back in its place gets it, too.
            if (layer_comes_back(session)) return Status::unavailable;
            ++counters_.layer_drops;
            return Status::refused;
    }
    head.message_id = message.id;
    head.flags = message.flags;
    head.channel = message.channel;
    head.correlation_id = message.correlation;
    return shard_.send(session.connection, head, message.payload, message.text != 0);
}

Status IoRoom::detain(SessionId to, const net::FrameHead& head, Bytes payload, bool text) {
    constexpr std::uint64_t detained_bytes_max = 1024 * 1024;
    const std::uint64_t bytes = sizeof(Detained) + payload.size;
    if (detained_bytes_ + bytes > detained_bytes_max) {
        ++counters_.layer_drops;
        return Status::limit;
    }
    detained_bytes_ += bytes;
    detained_.push_back({to, head, {payload.data, payload.data + payload.size}, text});
    ++counters_.layer_detains;
    return Status::ok;
}

void IoRoom::release_detained() {
    detained_bytes_ = 0;
    for (const Detained& one : std::exchange(detained_, {})) {
        (void)send(one.to, one.head, Bytes{std::span{one.payload}}, one.text);
    }
}

void IoRoom::handle_shared(std::span<std::byte> body) {
    const auto record = route::read_as<route::SharedRecord>(body);
    // The worker put a counted reference into the ring; this takes it out.
    auto* const stored = std::launder(reinterpret_cast<net::SharedMessage*>(body.data()));
    const net::SharedMessage message = std::move(*stored);
    stored->~SharedMessage();

    const auto* ids = body.data() + sizeof record;
    for (std::uint64_t i = 0; i < record.count; ++i) {
        SessionId to;
        std::memcpy(&to, ids + i * sizeof to, sizeof to);
        Session* const session = sessions_.find(to);
        ++counters_.messages_from_worlds;
        if (session == nullptr) {
            ++counters_.undeliverable;
        } else if (has_outbound(*session)) {
            send(to, message.head(), Bytes{message.payload()}, message.text());
        } else {
            const Status status = shard_.send_shared(session->connection, message);
            if (followed(SessionEventKind::sent) && status == Status::ok) {
                tell(SessionEventKind::sent, to, {}, message.head().message_id,
                     message.payload().size());
            }
        }
    }
}

void IoRoom::handle_move(const route::MoveRecord& record) {
    Session* const session = sessions_.find(record.session);
    if (session == nullptr) {
        (void)surroundings_.transit().take(record.session);
        return;
    }
    if (session->world == record.to) return;
    if (!session->moving) {
        // First half: nothing more to the old world, and a mark behind what it already has.
        session->moving = true;
        route::ClosedRecord mark;
        mark.world = session->world;
        mark.moved_to = record.to.value;
        mark.session = session->id;
        push_control(session->world, route::ToWorld::closed, route::bytes_of(mark));
        return;
    }
    // Second half: the old world has handled all before the mark.
    session->world = record.to;
    session->credit_messages = 0;
    session->credit_bytes = 0;
    send_opened(*session, true);
}

void IoRoom::forward(std::span<std::byte> body) {
    auto record = route::read_as<route::MessagesRecord>(body);
    Session* const session = sessions_.find(record.session);
    if (session == nullptr) return;
    record.world = session->world;
    std::memcpy(body.data(), &record, sizeof record);
    ++session->credit_messages;
    session->credit_bytes +=
        route::first_message(body.subspan(sizeof record)).entry.head.payload_bytes;
    push_control(session->world, route::ToWorld::messages, body);
}

}  // namespace gantry::session
