// What crosses between a shard and a worker: the records of their two rings.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "gantry/types.h"
#include "host/core/assert.h"
#include "host/core/ring.h"
#include "host/net/frame.h"

namespace gantry::route {

/// Shard to worker.
enum class ToWorld : std::uint32_t { opened = 1, messages, closed, pressure };
/// Worker to shard.
enum class ToShard : std::uint32_t { send = 1, shared, credit, close, move, forward, moved };

struct OpenedRecord {
    WorldId world;
    std::uint32_t moved = 0;  ///< 1: comes from another world
    SessionId session;
    TimeNs since = 0;
    char remote[64] = {};
    char protocol[16] = {};
    char listener[48] = {};
};

/// What one session has sent, as it came. Followed by the messages: of each a MessageEntry and its
/// payload, to the next multiple of eight bytes.
struct MessagesRecord {
    WorldId world;
    std::uint32_t reserved = 0;
    SessionId session;
    TimeNs received_at = 0;
};
struct MessageEntry {
    net::FrameHead head;
    std::uint32_t text = 0;
};
/// How much room a message takes in such a record.
constexpr std::size_t entry_bytes(std::size_t payload_bytes) noexcept {
    return (sizeof(MessageEntry) + payload_bytes + 7) & ~std::size_t{7};
}

struct ClosedRecord {
    WorldId world;
    std::uint32_t moved_to = 0;  ///< a world's id: the session goes on there
    SessionId session;
    std::uint32_t reason = 0;  ///< net::CloseReason
    std::uint32_t reserved = 0;
};

struct PressureRecord {
    WorldId world;
    std::uint32_t high = 0;
    SessionId session;
};

/// What was sent to one session without anything in between. Followed by `count` frames as they are
/// on the wire in framing `gantry`.
struct SendRecord {
    SessionId session;
    std::uint32_t count = 0;
    std::uint32_t text = 0;
};

/// One encoded message for many: a counted reference, made in the ring by the worker and taken out
/// of it by the shard. Followed by `count` session ids.
struct SharedRecord {
    alignas(8) std::byte message[8];
    std::uint64_t count = 0;
};

/// The world has handled so much of this session: the shard may read on.
struct CreditRecord {
    SessionId session;
    std::uint32_t messages = 0;
    std::uint32_t bytes = 0;
};

struct CloseRecord {
    SessionId session;
    std::uint32_t reason = 0;  ///< net::CloseReason
    std::uint32_t reserved = 0;
};

/// A session's move, in four steps. The old world asks (`move`); the shard stops reading the
/// session and marks the end of its messages (ClosedRecord::moved_to); at the mark the old world
/// lets go
/// (`move` again) and sends what came after its request (`forward`, each with a MessagesRecord of
/// one message); `moved` ends it and the shard reads on.
struct MoveRecord {
    SessionId session;
    WorldId to;
    std::uint32_t reserved = 0;
};

/// One of the messages of a MessagesRecord, in place.
struct MessageView {
    MessageEntry entry;
    std::span<const std::byte> payload;
    std::span<const std::byte> whole;  ///< with its entry and what fills it up
};
inline MessageView first_message(std::span<const std::byte> entries) noexcept {
    MessageView first;
    std::memcpy(&first.entry, entries.data(), sizeof first.entry);
    const std::size_t payload_bytes = first.entry.head.payload_bytes;
    first.payload = entries.subspan(sizeof first.entry, payload_bytes);
    first.whole = entries.first(entry_bytes(payload_bytes));
    return first;
}

/// A record that waits outside of its ring.
struct KeptRecord {
    std::uint32_t kind = 0;
    std::vector<std::byte> body;
};

/// What such a record begins with.
template <class T>
T read_as(std::span<const std::byte> body) {
    GANTRY_ASSERT(body.size() >= sizeof(T));
    T record;
    std::memcpy(&record, body.data(), sizeof record);
    return record;
}
template <class T>
std::span<const std::byte> bytes_of(const T& record) {
    return {reinterpret_cast<const std::byte*>(&record), sizeof record};
}

/// The two rings between one shard and one worker.
struct RoomLink {
    explicit RoomLink(std::size_t ring_bytes)
        : worker_end{std::make_shared<core::ByteRing>(ring_bytes)},
          shard_end{worker_end.get()},
          to_shard{ring_bytes} {}

    /// To the worlds: what the worker reads [world], and where the shard writes [io]. One ring, but
    /// for the moment in which a worker that has lost a thread goes over to a fresh one.
    std::shared_ptr<core::ByteRing> worker_end;
    core::ByteRing* shard_end;
    core::ByteRing to_shard;
    /// Set by the shard when its end refused a record; the worker wakes it after making room.
    std::atomic<bool> shard_waits{false};
    /// Set by the worker when `to_shard` refused a record.
    std::atomic<bool> worker_waits{false};
};

}  // namespace gantry::route
