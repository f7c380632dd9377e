// IoRoom, the way in: what sessions send, to routes of this shard and to the worlds.
#include <fmt/format.h>

#include <cstring>
#include <new>
#include <utility>

#include "host/session/io_instance.h"
#include "host/session/io_room.h"

namespace gantry::session {

net::FrameVerdict IoRoom::on_frame(net::ConnectionId id, const net::Frame& frame) {
    Session* const session = sessions_.of(id);
    if (session == nullptr) return net::FrameVerdict::taken;
    Worker* const worker = worker_of(session->world);
    const bool short_way = worker != nullptr && worker->pending.empty() &&
                           goes_straight(*session, frame.head.message_id);
    if (short_way &&
        push_message(*session, *worker, frame.head, Bytes{frame.payload}, frame.text ? 1 : 0)) {
        return net::FrameVerdict::taken;
    }

    // Room first: a frame that is refused later would pass the layers a second time.
    const bool no_credit = session->credit_messages >= config_.credit_messages ||
                           session->credit_bytes >= config_.credit_bytes;
    if (session->moving || still_held(*session) || no_credit) {
        if (no_credit) ++counters_.waits_credit;
        return wait_for_room(*session);
    }
    if (!ring_has_room(worker, *session)) {
        ++counters_.waits_ring;
        return wait_for_room(*session);
    }
    if (layer_comes_back(*session)) return wait_for_room(*session);

    IoMessage message;
    message.session = session->id;
    message.id = frame.head.message_id;
    message.flags = frame.head.flags;
    message.channel = frame.head.channel;
    message.correlation = frame.head.correlation_id;
    message.payload = frame.payload;
    message.text = frame.text ? 1 : 0;
    if (followed(SessionEventKind::received) && !session->held) {
        // What a layer held was told when it first came.
        tell(SessionEventKind::received, session->id, {}, message.id, message.payload.size);
    }
    switch (through_layers(*session, message)) {
        case Verdict::pass:
            return to_world(*session, worker, message);
        case Verdict::hold:
            ++counters_.layer_holds;
            return wait_for_room(*session);
        case Verdict::drop:
            ++counters_.layer_drops;
            return net::FrameVerdict::taken;
        case Verdict::close:
            ++counters_.layer_closes;
            shard_.close(id, net::CloseReason::refused);
            return net::FrameVerdict::taken;
    }
    return net::FrameVerdict::taken;
}

Verdict IoRoom::through_layers(Session& session, IoMessage& message) {
    if (session.listener >= tables_->onions.size()) return Verdict::pass;  // outbound
    const route::Onion& onion = tables_->onions[session.listener];
    std::size_t from = 0;
    if (session.held) {  // shown again after its layer decided, or went without a decision
        session.held = false;
        const bool decided = std::exchange(session.released, false);
        if (decided && session.released_verdict != Verdict::pass) return session.released_verdict;
        from = session.held_at + (decided ? 1u : 0u);
    }
    if (onion.empty()) return Verdict::pass;
    std::size_t stopped_at = 0;
    const Verdict verdict = onion.inbound(message, from, stopped_at);
    if (verdict == Verdict::hold) {
        session.held = true;
        session.held_at = static_cast<std::uint8_t>(stopped_at);
        session.held_by = onion.layer(stopped_at).instance->owner().id;
    }
    if (verdict == Verdict::drop && onion.parked(stopped_at)) {
        const route::Layer& layer = onion.layer(stopped_at);
        answer_failure(message, Status::unavailable,
                       fmt::format("the layer {} of {} is parked after a fault", layer.name,
                                   layer.instance->owner().label));
    }
    return verdict;
}

// Whose layer it was may have left with its swap's probation, or by a fault: then its decision will
// not come, and whoever has the layer now is shown the message.
bool IoRoom::still_held(const Session& session) noexcept {
    if (!session.held || session.released) return false;
    const route::FacetInstance* const holder = find_living(session.held_by);
    return holder != nullptr && !holder->parked();
}

Status IoRoom::answer_failure(const IoMessage& message, Status status, std::string_view sentence) {
    if ((message.flags & message_flags::request) == 0) return Status::invalid;
    std::byte body[256];
    const std::size_t bytes = net::encode_error(status, sentence, body);
    return send(message.session,
                net::FrameHead{0, message.id, message_flags::response | message_flags::error,
                               message.channel, message.correlation},
                Bytes{body, bytes}, false);
}

// Behind the one before, where that is of the same session: then one record has them all.
inline std::byte* IoRoom::room_for_message(core::ByteRing& ring, const Session& session,
                                           std::size_t payload_bytes) {
    const std::size_t bytes = route::entry_bytes(payload_bytes);
    constexpr auto kind = static_cast<std::uint32_t>(route::ToWorld::messages);
    if (const std::byte* const last = ring.last(kind)) {
        const auto& head = *reinterpret_cast<const route::MessagesRecord*>(last);
        if (head.session == session.id && head.received_at == now_) {
            if (std::byte* const room = ring.grow_last(bytes)) return room;
        }
    }
    const auto body = ring.push(kind, sizeof(route::MessagesRecord) + bytes);
    if (body.empty()) return nullptr;
    new (body.data()) route::MessagesRecord{session.world, 0, session.id, now_};
    return body.data() + sizeof(route::MessagesRecord);
}

inline bool IoRoom::push_message(Session& session, Worker& worker, const net::FrameHead& head,
                                 Bytes payload, std::uint32_t text) {
    std::byte* const room = room_for_message(*worker.to.link->shard_end, session, payload.size);
    if (room == nullptr) return false;
    const auto payload_bytes = static_cast<std::uint32_t>(payload.size);
    auto* const entry = new (room) route::MessageEntry{head, text};
    entry->head.payload_bytes = payload_bytes;
    if (payload_bytes != 0) {
        std::memcpy(room + sizeof(route::MessageEntry), payload.data, payload_bytes);
    }
    ++session.credit_messages;
    session.credit_bytes += payload_bytes;
    ++counters_.messages_to_worlds;
    return true;
}

inline bool IoRoom::goes_straight(const Session& session, std::uint16_t message_id) const noexcept {
    return followed_ == 0 && !session.moving && !session.held &&
           session.credit_messages < config_.credit_messages &&
           session.credit_bytes < config_.credit_bytes &&
           session.listener < tables_->onions.size() && tables_->onions[session.listener].empty() &&
           !tables_->routes.find(message_id);
}

net::FrameVerdict IoRoom::to_world(Session& session, Worker* worker, const IoMessage& message) {
    if (const auto* found = tables_->routes.find(message.id)) {
        Status status = Status::internal;
        route::call_counted(*found->instance, core::CallKind::handler, found->name,
                            [&] { status = found->function(found->context, &message); });
        auto& vitals = found->instance->vitals();
        if (status != Status::ok) vitals.add(vitals.errors, 1);
        if (status != Status::ok && (message.flags & message_flags::request) != 0) {
            answer_failure(message, status,
                           fmt::format("{} of {}: {}", found->name, found->instance->owner().label,
                                       status_name(status)));
        }
        return net::FrameVerdict::taken;
    }
    if (worker == nullptr) {
        ++counters_.no_world;
        return net::FrameVerdict::taken;
    }
    if (!push_message(
            session, *worker,
            net::FrameHead{0, message.id, message.flags, message.channel, message.correlation},
            message.payload, message.text)) {
        // A layer has made it larger than what was asked for.
        worker->to.link->shard_waits.exchange(true);
        shard_.wake();
        return wait_for_room(session);
    }
    return net::FrameVerdict::taken;
}

net::FrameVerdict IoRoom::wait_for_room(Session& session) {
    if (!session.waiting) {
        session.waiting = true;
        waiting_.push_back(session.id);
    }
    return net::FrameVerdict::blocked;
}

// Where there is none, the worker wakes this shard when it has made some. Trying again and again
// instead would burn a processor for as long as a world stands still.
bool IoRoom::ring_has_room(Worker* worker, const Session& session) {
    if (worker == nullptr) return true;
    if (!worker->pending.empty()) return false;  // flush_pending() waits for the same ring
    const std::size_t need = sizeof(route::MessagesRecord) +
                             route::entry_bytes(plans_[session.listener].net.payload_bytes_max);
    route::RoomLink& link = *worker->to.link;
    if (link.shard_end->fits(need)) return true;
    // The worker may have made room just before it could see that it is waited for: look again.
    link.shard_waits.exchange(true);
    return link.shard_end->fits(need);
}

void IoRoom::resume_waiting() {
    if (waiting_.empty()) return;
    resuming_.swap(waiting_);
    for (const SessionId id : resuming_) {
        Session* const session = sessions_.find(id);
        if (session == nullptr) continue;
        const bool room = session->credit_messages < config_.credit_messages &&
                          session->credit_bytes < config_.credit_bytes && !session->moving &&
                          !still_held(*session) && !layer_comes_back(*session);
        if (!room || !ring_has_room(worker_of(session->world), *session)) {
            waiting_.push_back(id);
            continue;
        }
        session->waiting = false;
        shard_.resume(session->connection);
    }
    resuming_.clear();
}

}  // namespace gantry::session
