#include "host/session/session_table.h"

#include "host/core/assert.h"

namespace gantry::session {

Session& SessionTable::open(net::ConnectionId connection) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.push_back(std::make_unique<Session>());
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    Session& session = *slots_[slot];
    const std::uint32_t generation = session.generation + 1;
    session = Session{};
    session.generation = generation;
    session.open = true;
    session.connection = connection;
    session.id.value = (shard_ << 56) | (std::uint64_t{slot} << 32) | generation;
    if (by_connection_.size() <= connection.slot()) by_connection_.resize(connection.slot() + 1u);
    by_connection_[connection.slot()] = &session;
    ++count_;
    return session;
}

void SessionTable::close(Session& session) noexcept {
    GANTRY_ASSERT(session.open);
    session.open = false;
    if (by_connection_[session.connection.slot()] == &session) {
        by_connection_[session.connection.slot()] = nullptr;
    }
    --count_;
    // A slot whose generations are used up is left alone: an id is never given twice.
    if (session.generation != 0xffffffff) {
        free_.push_back(slot_of(session.id));
    }
}

}  // namespace gantry::session
