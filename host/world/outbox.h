// Outbox: what the worlds of one worker send, on its way to the shards.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "host/net/close_reason.h"
#include "host/net/shared_message.h"
#include "host/route/records.h"
#include "host/route/surroundings.h"

namespace gantry::world {

/// A shard as a worker sees it.
struct ShardLink {
    route::RoomLink* link = nullptr;
    std::function<void()> wake;
    route::PostToRoom post;
};

struct OutboxCounters {
    std::uint64_t messages = 0;
    std::uint64_t shared = 0;          ///< receivers of shared messages
    std::uint64_t encodings = 0;       ///< shared messages encoded
    std::uint64_t overflowed = 0;      ///< records that had to wait for room in a ring
    std::uint64_t overflow_bytes = 0;  ///< waiting now
};

/// Nothing reliable is lost here: what a full ring refuses waits in order, and while more than
/// `overflow_bytes_max` waits, congested() tells the worker to take no more in. [world]
class Outbox {
public:
    Outbox(std::vector<ShardLink> shards, std::size_t overflow_bytes_max)
        : overflow_bytes_max_{overflow_bytes_max} {
        for (ShardLink& shard : shards) shards_.push_back(Shard{std::move(shard), {}});
    }

    /// head.payload_bytes is set from `payload`.
    Status send(SessionId to, const net::FrameHead& head, Bytes payload, bool text);
    /// Encodes once; receivers may be on any shard.
    void send_shared(const SessionId* to, std::size_t count, std::uint16_t id, Bytes payload);
    void close(SessionId session, net::CloseReason reason);
    void move(SessionId session, WorldId to) { put_move(route::ToShard::move, session, to); }
    void moved(SessionId session) { put_move(route::ToShard::moved, session, {}); }
    /// A message that belongs to the world where its session has moved to.
    void forward(SessionId session, std::span<const std::byte> record_and_payload);
    /// The world has handled messages of this session. Runs of one session are put together.
    void credit(SessionId session, std::uint32_t messages, std::uint32_t bytes);

    /// One for the same shards that keeps all it is given: for a world that stays behind with a
    /// stuck thread, while another writes to the rings.
    std::unique_ptr<Outbox> aside() const;
    /// Takes over what such a one has kept.
    void adopt(Outbox& aside);

    /// Hands everything to the shards and wakes those that got something. End of a turn.
    void flush();
    bool congested() const noexcept { return counters_.overflow_bytes > overflow_bytes_max_; }
    /// Some records wait for room in a ring.
    bool waiting() const noexcept { return counters_.overflow_bytes != 0; }
    const OutboxCounters& counters() const noexcept { return counters_; }

private:
    struct Shard {
        ShardLink to;
        std::deque<route::KeptRecord> overflow;
    };

    std::byte* room_for_frame(Shard& shard, SessionId to, std::uint32_t text,
                              std::size_t frame_bytes);
    Shard* shard_of(SessionId session) noexcept {
        const std::uint64_t index = session.value >> 56;
        return index < shards_.size() ? &shards_[index] : nullptr;
    }
    /// Room for a record: in the ring, or in the overflow.
    std::span<std::byte> push(Shard& shard, route::ToShard kind, std::size_t body_bytes);
    void put_move(route::ToShard kind, SessionId session, WorldId to);
    void flush_credit();
    void flush_overflow(Shard& shard);

    std::vector<Shard> shards_;
    std::vector<std::vector<SessionId>> by_shard_;
    std::size_t overflow_bytes_max_;
    bool aside_ = false;
    route::CreditRecord credit_{};
    std::atomic<std::uint64_t> encodings_{0};
    OutboxCounters counters_;
};

}  // namespace gantry::world
