// Archetype: the entities that have exactly one set of components, in chunks of columns.
#pragma once
#include <memory>
#include <vector>

#include "gantry/ecs/data.h"

namespace gantry::ecs {

class Query;
struct Archetype;
struct Component;

/// One component of an archetype. Its index among the columns is its slot.
struct Column {
    ComponentId component = no_component;
    const Component* about = nullptr;  ///< the world's, valid as long as it
    std::uint32_t bytes = 0;           ///< of a row; 0 for a tag
    std::uint32_t offset = 0;          ///< from the chunk's address, a multiple of 64
    std::uint32_t dirty_offset = 0;    ///< of the dirty bits; 0 when none are kept
    bool keeps_dirty = false;
};

/// What it takes to move a row to the archetype with one component more, or less.
struct Edge {
    struct Copy {
        std::uint16_t from;  // slots
        std::uint16_t to;
    };
    Archetype* target = nullptr;
    std::vector<Copy> copies;
    std::uint16_t added_slot = 0;
    bool carries_dirty = false;
};

struct Archetype {
    std::uint32_t index = 0;
    std::uint32_t chunk_rows = 0;       ///< capacity of each chunk
    std::uint32_t chunk_rows_full = 0;  ///< what chunk_rows grows to while there is one chunk
    std::uint32_t chunk_bytes = 0;
    std::uint32_t entities_offset = 0;
    std::uint64_t rows = 0;
    std::vector<Column> columns;       ///< sorted by component
    std::vector<ColumnEntry> entries;  ///< by component id
    std::vector<Chunk*> chunks;        ///< all full but the last, none empty
    std::vector<std::unique_ptr<Edge>>
        edges;                    ///< by component id: to the set with it, or without it
    std::vector<Query*> queries;  ///< those that match
    TableData table{};            ///< mirrors `chunks` for queries
    bool keeps_dirty = false;

    bool has(ComponentId id) const noexcept {
        return id < entries.size() && entries[id].offset != 0;
    }
};

inline constexpr std::uint32_t chunk_rows_max = 1u << location_row_bits;

/// How many rows a chunk of about `chunk_bytes` holds.
std::uint32_t full_chunk_rows(const Archetype& archetype, std::uint32_t chunk_bytes);

/// Sets offsets, chunk_rows and chunk_bytes for chunks of `rows` rows. `entries` must have room for
/// every component. Chunks that exist are not touched.
void lay_out(Archetype& archetype, std::uint32_t rows, std::uint32_t chunk_bytes_target);

/// Words of a bitmap over `rows` rows.
constexpr std::uint32_t dirty_words(std::uint32_t rows) noexcept { return (rows + 63) / 64; }

inline std::uint64_t* dirty_bits(Chunk* chunk, const Column& column) noexcept {
    return reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::byte*>(chunk) +
                                            column.dirty_offset);
}
inline std::byte* column_row(Chunk* chunk, const Column& column, std::uint32_t row) noexcept {
    return reinterpret_cast<std::byte*>(chunk) + column.offset + std::size_t{column.bytes} * row;
}
inline Entity* entity_column(Chunk* chunk) noexcept {
    return const_cast<Entity*>(chunk_entities(chunk));
}

}  // namespace gantry::ecs
