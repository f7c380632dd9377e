#include "host/world/outbox.h"

#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace gantry::world {

std::span<std::byte> Outbox::push(Shard& shard, route::ToShard kind, std::size_t body_bytes) {
    if (shard.overflow.empty() && !aside_) {
        const auto room =
            shard.to.link->to_shard.push(static_cast<std::uint32_t>(kind), body_bytes);
        if (!room.empty()) return room;
        // Asked for before looking again, so that room made in between is not overlooked.
        shard.to.link->worker_waits.store(true, std::memory_order_seq_cst);
    }
    ++counters_.overflowed;
    counters_.overflow_bytes += body_bytes;
    shard.overflow.push_back(
        {static_cast<std::uint32_t>(kind), std::vector<std::byte>(body_bytes)});
    return shard.overflow.back().body;
}

// Behind the frame before, where that went to the same session: then one record has them all.
inline std::byte* Outbox::room_for_frame(Shard& shard, SessionId to, std::uint32_t text,
                                         std::size_t frame_bytes) {
    // Not past what waits before it; and aside, the ring is another thread's.
    if (!aside_ && shard.overflow.empty()) [[likely]] {
        core::ByteRing& ring = shard.to.link->to_shard;
        std::byte* const last = ring.last(static_cast<std::uint32_t>(route::ToShard::send));
        auto* const run = reinterpret_cast<route::SendRecord*>(last);
        if (run != nullptr && run->session == to && run->text == text) {
            std::byte* const room = ring.grow_last(frame_bytes);
            if (room != nullptr) return ++run->count, room;
        }
    }
    std::byte* const body =
        push(shard, route::ToShard::send, sizeof(route::SendRecord) + frame_bytes).data();
    new (body) route::SendRecord{to, 1, text};
    return body + sizeof(route::SendRecord);
}

Status Outbox::send(SessionId to, const net::FrameHead& head, Bytes payload, bool text) {
    Shard* const shard = shard_of(to);
    if (shard == nullptr) return Status::not_found;
    const std::size_t frame_bytes = net::frame_header_bytes + payload.size;
    if (sizeof(route::SendRecord) + frame_bytes > shard->to.link->to_shard.body_bytes_max()) {
        return Status::limit;
    }
    std::byte* const room = room_for_frame(*shard, to, text ? 1u : 0u, frame_bytes);
    net::encode_head(head, static_cast<std::uint32_t>(payload.size), room);
    if (payload.size != 0) {
        std::memcpy(room + net::frame_header_bytes, payload.data, payload.size);
    }
    ++counters_.messages;
    return Status::ok;
}

void Outbox::send_shared(const SessionId* to, std::size_t count, std::uint16_t id, Bytes payload) {
    net::FrameHead head;
    head.message_id = id;
    const net::SharedMessage message = net::SharedMessage::encode(head, payload, false, encodings_);
    counters_.encodings = encodings_.load(std::memory_order_relaxed);

    by_shard_.resize(shards_.size());
    for (auto& list : by_shard_) list.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t index = to[i].value >> 56;
        if (index < shards_.size()) by_shard_[index].push_back(to[i]);
    }
    static_assert(sizeof(net::SharedMessage) == sizeof route::SharedRecord::message);
    constexpr std::size_t ids_max = 1024;  // of one record: a large group must not fill the ring
    for (std::size_t s = 0; s < shards_.size(); ++s) {
        for (std::size_t from = 0; from < by_shard_[s].size(); from += ids_max) {
            const std::size_t ids = std::min(ids_max, by_shard_[s].size() - from);
            const auto body = push(shards_[s], route::ToShard::shared,
                                   sizeof(route::SharedRecord) + ids * sizeof(SessionId));
            new (body.data()) net::SharedMessage{message};
            const std::uint64_t id_count = ids;
            std::memcpy(body.data() + offsetof(route::SharedRecord, count), &id_count,
                        sizeof id_count);
            std::memcpy(body.data() + sizeof(route::SharedRecord), by_shard_[s].data() + from,
                        ids * sizeof(SessionId));
        }
        counters_.shared += by_shard_[s].size();
    }
}

void Outbox::close(SessionId session, net::CloseReason reason) {
    Shard* const shard = shard_of(session);
    if (shard == nullptr) return;
    flush_credit();
    route::CloseRecord record;
    record.session = session;
    record.reason = static_cast<std::uint32_t>(reason);
    std::memcpy(push(*shard, route::ToShard::close, sizeof record).data(), &record, sizeof record);
}

void Outbox::put_move(route::ToShard kind, SessionId session, WorldId to) {
    Shard* const shard = shard_of(session);
    if (shard == nullptr) return;
    flush_credit();
    route::MoveRecord record;
    record.session = session;
    record.to = to;
    std::memcpy(push(*shard, kind, sizeof record).data(), &record, sizeof record);
}

void Outbox::forward(SessionId session, std::span<const std::byte> record_and_payload) {
    Shard* const shard = shard_of(session);
    if (shard == nullptr) return;
    const auto body = push(*shard, route::ToShard::forward, record_and_payload.size());
    std::memcpy(body.data(), record_and_payload.data(), record_and_payload.size());
}

void Outbox::credit(SessionId session, std::uint32_t messages, std::uint32_t bytes) {
    if (credit_.session != session) {
        flush_credit();
        credit_.session = session;
    }
    credit_.messages += messages;
    credit_.bytes += bytes;
}

void Outbox::flush_credit() {
    if (credit_.messages == 0) return;
    if (Shard* const shard = shard_of(credit_.session)) {
        const auto body = push(*shard, route::ToShard::credit, sizeof credit_);
        std::memcpy(body.data(), &credit_, sizeof credit_);
    }
    credit_ = {};
}

void Outbox::flush_overflow(Shard& shard) {
    while (!shard.overflow.empty()) {
        route::KeptRecord& first = shard.overflow.front();
        const auto room = shard.to.link->to_shard.push(first.kind, first.body.size());
        if (room.empty()) {
            shard.to.link->worker_waits.store(true, std::memory_order_seq_cst);
            return;
        }
        // A shared message is a pointer and a count: moving its bytes moves the reference.
        std::memcpy(room.data(), first.body.data(), first.body.size());
        counters_.overflow_bytes -= first.body.size();
        shard.overflow.pop_front();
    }
}

std::unique_ptr<Outbox> Outbox::aside() const {
    std::vector<ShardLink> shards;
    for (const Shard& shard : shards_) shards.push_back(shard.to);
    auto made = std::make_unique<Outbox>(std::move(shards), overflow_bytes_max_);
    made->aside_ = true;
    return made;
}

void Outbox::adopt(Outbox& aside) {
    flush_credit();
    aside.flush_credit();
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        std::deque<route::KeptRecord>& kept = aside.shards_[i].overflow;
        std::move(kept.begin(), kept.end(), std::back_inserter(shards_[i].overflow));
        kept.clear();
    }
    counters_.overflow_bytes += std::exchange(aside.counters_.overflow_bytes, 0);
    counters_.overflowed += aside.counters_.overflowed;
    counters_.messages += aside.counters_.messages;
    counters_.shared += aside.counters_.shared;
    encodings_ += aside.counters_.encodings;
}

void Outbox::flush() {
    flush_credit();
    for (Shard& shard : shards_) {
        flush_overflow(shard);
        if (shard.to.link->to_shard.publish()) shard.to.wake();
    }
}

}  // namespace gantry::world
