// ConnectionTable: connections in chunks that never move, found by slot and generation. Internal.
#pragma once
#include <memory>
#include <vector>

#include "host/net/connection.h"

namespace gantry::net {

class ConnectionTable {
public:
    ConnectionTable(std::uint32_t shard_index, std::uint32_t connections_max) noexcept
        : shard_index_{shard_index}, connections_max_{connections_max} {}

    /// Null at the limit. The connection has a new id and default state.
    Connection* allocate(ShardCore& core);
    void free(Connection& connection) noexcept;

    /// Null when the id is not of a connection in use.
    Connection* find(ConnectionId id) const noexcept {
        const std::uint32_t slot = id.slot();
        if (slot >= slots_made_ || id.shard() != shard_index_) return nullptr;
        Connection& connection = at(slot);
        return connection.id == id ? &connection : nullptr;
    }

    std::uint32_t count() const noexcept { return count_; }
    std::uint32_t slots() const noexcept { return slots_made_; }
    Connection& at(std::uint32_t slot) const noexcept {
        return chunks_[slot / chunk_size][slot % chunk_size];
    }

private:
    static constexpr std::uint32_t chunk_size = 64;

    std::uint32_t shard_index_;
    std::uint32_t connections_max_;
    std::uint32_t slots_made_ = 0;
    std::uint32_t count_ = 0;
    std::vector<std::unique_ptr<Connection[]>> chunks_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace gantry::net
