// TableStore: the archetypes of a world, their chunks, and the moving of rows among them.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "host/ecs/archetype.h"
#include "host/ecs/chunk_arena.h"
#include "host/ecs/component_table.h"
#include "host/ecs/entity_table.h"
#include "host/ecs/limits.h"
#include "host/ecs/query.h"
#include "host/ecs/unsettled.h"

namespace gantry::ecs {

/// Rows of one chunk.
struct RowRange {
    Chunk* chunk = nullptr;
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    std::uint32_t location() const noexcept { return chunk->id << location_row_bits | first; }
};

/// Rows are named by location. Moving one keeps its entity's record right. [world]
class TableStore {
public:
    TableStore(EcsData& data, EntityTable& entities, ComponentTable& components,
               QueryStore& queries, Unsettled& unsettled, const WorldLimits& limits);
    ~TableStore();
    TableStore(const TableStore&) = delete;
    TableStore& operator=(const TableStore&) = delete;

    /// For a sorted set of table components without doubles; null at archetypes_max.
    Archetype* archetype(std::vector<ComponentId> components);
    Archetype& empty_archetype() noexcept { return *archetypes_[0]; }
    Archetype& at(std::uint32_t index) noexcept { return *archetypes_[index]; }
    std::span<const std::unique_ptr<Archetype>> archetypes() const noexcept { return archetypes_; }
    /// Null for limbo.
    Archetype* archetype_of(std::uint32_t location) const noexcept {
        return chunk_homes_[location >> location_row_bits].archetype;
    }
    Chunk* chunk_of(std::uint32_t location) const noexcept {
        return reinterpret_cast<Chunk*>(chunk_entries_[location >> location_row_bits].base);
    }
    /// When a row last came into this chunk, left it or changed places in it.
    std::uint64_t moved_tick(const Chunk& chunk) const noexcept {
        return chunk_homes_[chunk.id].moved_tick;
    }
    /// Tables by component id get room for ids below `count`.
    void reserve_ids(std::uint32_t count);
    /// To the set with `component` if `from` lacks it, else without it; null at a limit.
    Edge* edge(Archetype& from, ComponentId component);

    /// Up to `wanted` new rows at the tail, marked as written; their content is up to the caller.
    RowRange append(Archetype& archetype, std::uint64_t wanted);
    /// Default values in all columns of these new rows, marked as written now.
    void init_rows(const Archetype& archetype, const RowRange& rows) noexcept;
    /// Marks these rows of a column as written now.
    void mark(const Archetype& archetype, const RowRange& rows, std::uint32_t slot) noexcept;
    /// The archetype's last row takes the place of this one.
    void remove_row(std::uint32_t location);
    /// Moves a row along an edge; the added column is not written. Answers the new row.
    RowRange move_row(Entity entity, Edge& edge);
    /// Moves rows of `from`, whose entities are in limbo meanwhile, along an edge; `placed` is
    /// called with each new RowRange and the index of its first entity.
    template <class Placed>
    void move_rows(Archetype& from, Edge& edge, const Entity* entities,
                   const std::uint32_t* locations, std::uint32_t count, const Placed& placed);
    /// Closes rows whose entities have died or moved away.
    void close_holes(Archetype& archetype, const std::uint32_t* locations, std::uint32_t count);

    /// The chunk at `index` is `fresh` from now on; answers the old one, whose memory is the
    /// caller's.
    Chunk* replace_chunk(Archetype& archetype, std::size_t index, Chunk* fresh) noexcept;
    /// Queries learn of a new layout.
    void layout_changed(Archetype& archetype);
    /// Edges learn which columns keep dirty bits.
    void refresh_edges() noexcept;
    Chunk* take_chunk(std::uint32_t bytes) { return reinterpret_cast<Chunk*>(arena_.take(bytes)); }
    void give_chunk(Chunk* chunk, std::uint32_t bytes) noexcept {
        arena_.give(reinterpret_cast<std::byte*>(chunk), bytes);
    }

    ChunkArena& arena() noexcept { return arena_; }

    std::uint64_t chunk_count() const noexcept { return chunk_count_; }
    std::uint64_t bytes() const noexcept;
    std::uint32_t chunk_bytes_target() const noexcept { return limits_.chunk_bytes; }

private:
    struct ChunkHome {
        Archetype* archetype = nullptr;  // null for limbo
        std::uint64_t moved_tick = 0;
    };

    /// Said before anything else is done to the rows.
    void rows_moved(const Chunk& chunk) {
        unsettled_.touch(chunk);
        chunk_homes_[chunk.id].moved_tick = data_.tick;
    }
    Archetype* make_archetype(const std::vector<ComponentId>& components);
    Chunk* tail(Archetype& archetype, std::uint64_t wanted);
    Chunk* push_chunk(Archetype& archetype);
    void pop_chunk(Archetype& archetype) noexcept;
    void grow_only_chunk(Archetype& archetype, std::uint32_t rows);
    void copy_dirty(const Archetype& from, const Edge& edge, Chunk* source, std::uint32_t row,
                    Chunk* target, std::uint32_t target_row) noexcept;
    bool is_dirty(Chunk* chunk, const Archetype& archetype, std::uint32_t slot,
                  std::uint32_t row) const;
    static void clear_dirty(const Archetype& archetype, Chunk* chunk, std::uint32_t row) noexcept;
    void drop_dead_tail(Archetype& archetype, std::uint32_t& left);
    void place_block(Archetype& from, Edge& edge, const RowRange& rows, const Entity* entities,
                     const std::uint32_t* locations);
    void gather(std::byte* out, const Column& from, const std::uint32_t* locations,
                std::uint32_t count) const;

    EcsData& data_;
    EntityTable& entities_;
    ComponentTable& components_;
    QueryStore& queries_;
    Unsettled& unsettled_;
    WorldLimits limits_;
    ChunkArena arena_;
    std::vector<std::unique_ptr<Archetype>> archetypes_;
    std::map<std::vector<ComponentId>, Archetype*> by_components_;
    std::vector<ChunkEntry> chunk_entries_;  // by chunk id; 0 is limbo
    std::vector<ChunkHome> chunk_homes_;     // by chunk id
    std::vector<std::uint32_t> free_chunk_ids_;
    std::vector<ColumnEntry> limbo_;
    std::uint64_t chunk_count_ = 0;
};

template <class Placed>
void TableStore::move_rows(Archetype& from, Edge& edge, const Entity* entities,
                           const std::uint32_t* locations, std::uint32_t count,
                           const Placed& placed) {
    constexpr std::uint32_t block_rows = 256;  // keeps the columns of a block in the first cache
    for (std::uint32_t done = 0; done < count;) {
        const std::uint32_t wanted = count - done < block_rows ? count - done : block_rows;
        const RowRange rows = append(*edge.target, wanted);
        place_block(from, edge, rows, entities + done, locations + done);
        placed(rows, done);
        done += rows.count;
    }
    close_holes(from, locations, count);
}

}  // namespace gantry::ecs
