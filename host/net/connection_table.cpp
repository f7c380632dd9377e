#include "host/net/connection_table.h"

#include <limits>
#include <new>

#include "host/core/assert.h"
#include "host/net/ws_session.h"

namespace gantry::net {

Connection* ConnectionTable::allocate(ShardCore& core) {
    if (count_ >= connections_max_) return nullptr;
    std::uint32_t slot = slots_made_;
    if (!free_slots_.empty()) {
        slot = free_slots_.back();
        free_slots_.pop_back();
    } else {
        if (slot > ConnectionId::slot_max) return nullptr;
        if (slot % chunk_size == 0) chunks_.push_back(std::make_unique<Connection[]>(chunk_size));
        ++slots_made_;
    }
    Connection& connection = at(slot);
    connection.core = &core;
    connection.slot = slot;
    connection.id = ConnectionId::make(shard_index_, slot, connection.generation);
    ++count_;
    return &connection;
}

void ConnectionTable::free(Connection& connection) noexcept {
    GANTRY_ASSERT(connection.id);
    const std::uint32_t slot = connection.slot;
    const std::uint32_t generation = connection.generation;
    connection.~Connection();
    new (&connection) Connection;
    connection.generation = generation + 1;
    connection.slot = slot;
    --count_;
    // A slot whose generations are used up is given up, so that no id ever comes twice.
    if (generation != std::numeric_limits<std::uint32_t>::max()) free_slots_.push_back(slot);
}

}  // namespace gantry::net
