// gantry/ecs/data.h: the memory of a world as plain data, for loops and look-ups without a call.
// The host writes it; a plugin reads it, and writes only columns, ticks and dirty bits.
#pragma once
#include "gantry/ecs/desc.h"

namespace gantry {

/// The layout of every struct of this header. EcsData::layout_version differs: use the calls only.
inline constexpr std::uint32_t ecs_layout_version = 1;
inline constexpr std::uint32_t query_terms_max = 16;

/// When a column of a chunk was last written, in ticks of the world.
struct ColumnTicks {
    std::uint64_t written;  ///< by whatever means
    std::uint64_t bulk;     ///< by a loop over all rows; single rows are in the dirty bits
};

/// The head of a chunk. Its columns and its ColumnTicks lie at offsets from its own address.
struct Chunk {
    std::uint32_t count;            ///< rows in use, [0, count)
    std::uint32_t archetype;        ///< index of the archetype in its world
    std::uint32_t id;               ///< index into EcsData::chunks
    std::uint32_t entities_offset;  ///< of the Entity column
};

inline ColumnTicks* chunk_ticks(Chunk* chunk) noexcept {
    return reinterpret_cast<ColumnTicks*>(chunk + 1);
}
inline const ColumnTicks* chunk_ticks(const Chunk* chunk) noexcept {
    return reinterpret_cast<const ColumnTicks*>(chunk + 1);
}
inline const Entity* chunk_entities(const Chunk* chunk) noexcept {
    return reinterpret_cast<const Entity*>(reinterpret_cast<const std::byte*>(chunk) +
                                           chunk->entities_offset);
}

/// Where a component lies in the chunks of an archetype.
struct ColumnEntry {
    std::uint32_t offset;       ///< of the column from the chunk's address; 0 is "not there"
    std::uint16_t dirty_lines;  ///< offset of the dirty bits in units of 64 bytes; 0 is "none kept"
    std::uint16_t slot;         ///< index of its ColumnTicks
};

/// Where a chunk is, and what its archetype's columns are, by component id.
struct ChunkEntry {
    std::byte* base;
    const ColumnEntry* columns;
};

/// Where an entity is: the chunk's id times 4096, plus the row. Odd generations are alive; chunk 0
/// has no columns and is where reserved entities wait.
struct EntityRecord {
    std::uint32_t location;
    std::uint32_t generation;
};
inline constexpr std::uint32_t location_row_bits = 12;
inline constexpr std::uint32_t location_row_mask = (1u << location_row_bits) - 1;

/// A component stored apart. `pages[index / 4096][index % 4096]` is its row, or no_row.
struct SparseData {
    std::uint32_t* const* pages;
    const Entity* entities;
    std::byte* rows;
    std::uint64_t* dirty;  ///< one bit a row, null when not replicated
    std::uint32_t page_count;
    std::uint32_t count;
    std::uint32_t row_bytes;
    std::uint32_t reserved;
    ColumnTicks ticks;
};
inline constexpr std::uint32_t sparse_page_rows = 4096;
inline constexpr std::uint32_t no_row = 0xffffffffu;

/// A world. Its address holds for the world's life; the pointers in it only until the next
/// structural change (create, destroy, add, remove, apply).
struct EcsData {
    std::uint32_t layout_version;
    std::uint32_t loops;  ///< loops now running; changed atomically; structural calls are refused
    const EntityRecord* records;
    const ChunkEntry* chunks;
    SparseData* const* sparse;  ///< by component id; null where the component is in tables
    std::uint64_t tick;
    std::uint32_t record_count;
    std::uint32_t component_count;  ///< ids below have an entry in every table above
};

/// The chunks of one archetype; all but the last are full.
struct TableData {
    Chunk* const* chunks;
    std::uint32_t chunk_count;
    std::uint32_t archetype;
};

/// One archetype that a query matches. `columns` has an entry per term of the query, in its order.
struct QueryMatch {
    const TableData* table;
    const ColumnEntry* columns;
};

/// All that a query matches, in a fixed order: archetypes by age, their chunks by age.
struct QueryData {
    const QueryMatch* matches;
    std::uint32_t match_count;
    std::uint32_t term_count;
};

/// A place in a query, or freshly made rows. Start with ChunkCursor{}.
struct ChunkCursor {
    std::uint64_t changed_since = 0;  ///< not 0: only chunks in which a term was written later
    std::uint32_t match = 0;
    std::uint32_t chunk = 0;
    std::uint32_t count = 0;  ///< rows of this chunk
    std::uint32_t reserved = 0;
    const Entity* entities = nullptr;  ///< `count` of them
    void* columns[query_terms_max] =
        {};  ///< per term: `count` values at a 64-byte boundary, or null
};

/// Commands recorded but not yet applied. Records are CommandHead, then the value, padded to 8.
struct CommandData {
    std::byte* bytes;
    std::uint32_t size;
    std::uint32_t capacity;
};

enum class CommandOp : std::uint32_t {
    destroy = 1,
    add = 2,  ///< the value follows; written over what is there
    remove = 3,
    spawn = 4,  ///< `component` is a count: as many ids (u32, padded to 8), then their values
};

struct CommandHead {
    CommandOp op;
    ComponentId component;
    std::uint32_t value_bytes;   ///< of what follows, without the padding
    std::uint32_t record_bytes;  ///< of the whole record; a multiple of 8
    Entity entity;
};

static_assert(sizeof(Chunk) == 16 && sizeof(ColumnTicks) == 16 && sizeof(ColumnEntry) == 8);
static_assert(offsetof(CommandHead, entity) == 16);
static_assert(sizeof(ChunkEntry) == 16 && sizeof(EntityRecord) == 8 && sizeof(CommandHead) == 24);

}  // namespace gantry
