// SessionTable: the sessions of one shard, and which connection each has now.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "gantry/io.h"
#include "gantry/types.h"
#include "host/net/connection_id.h"

namespace gantry::session {

/// What a shard knows of a session. Small: there are many, and most are idle.
struct Session {
    SessionId id;
    net::ConnectionId connection;
    WorldId world;  ///< none while it is nowhere
    Entity row;     ///< of its components here; none until it has any
    std::uint32_t listener = 0;
    std::uint32_t credit_messages = 0;  ///< sent to the world and not handled yet
    std::uint32_t credit_bytes = 0;
    std::uint32_t generation = 0;
    bool open = false;
    bool opened_sent = false;  ///< the world knows of it
    bool waiting = false;      ///< refused a frame; in the room's list of those to resume
    bool moving = false;       ///< between two worlds: its frames wait
    bool released = false;     ///< a layer that held has decided
    Verdict released_verdict = Verdict::pass;
    std::uint8_t held_at = 0;  ///< the layer that holds
    bool held = false;
    std::uint32_t held_by = 0;  ///< whose layer that is: an owner
};

/// Ids name shard, slot and generation, and are never given twice.
class SessionTable {
public:
    explicit SessionTable(std::uint32_t shard) : shard_{shard} {}

    Session& open(net::ConnectionId connection);
    void close(Session& session) noexcept;

    /// Null when that session is gone.
    Session* find(SessionId id) noexcept {
        const std::uint32_t slot = slot_of(id);
        if (id.value >> 56 != shard_ || slot >= slots_.size()) return nullptr;
        Session& session = *slots_[slot];
        return session.open && session.id == id ? &session : nullptr;
    }
    Session* of(net::ConnectionId connection) noexcept {
        const std::uint32_t slot = connection.slot();
        if (slot >= by_connection_.size()) return nullptr;
        Session* const session = by_connection_[slot];
        return session != nullptr && session->connection == connection ? session : nullptr;
    }
    /// By the slot, so also after one that is gone: the next that is open, or from none on the
    /// first. Null after the last.
    Session* after(SessionId id) noexcept {
        for (std::size_t slot = id ? slot_of(id) + 1u : 0u; slot < slots_.size(); ++slot) {
            if (slots_[slot]->open) return slots_[slot].get();
        }
        return nullptr;
    }
    std::uint32_t count() const noexcept { return count_; }

    template <class F>
    void each(F f) {
        for (auto& session : slots_) {
            if (session->open) f(*session);
        }
    }

private:
    static std::uint32_t slot_of(SessionId id) noexcept {
        return static_cast<std::uint32_t>(id.value >> 32) & 0xffffff;
    }

    std::uint64_t shard_;
    std::vector<std::unique_ptr<Session>> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<Session*> by_connection_;
    std::uint32_t count_ = 0;
};

}  // namespace gantry::session
