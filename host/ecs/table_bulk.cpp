// Rows by the thousand: gathered column by column, and the holes closed from the tail.
#include <algorithm>
#include <cstring>

#include "host/core/assert.h"
#include "host/ecs/row_copy.h"
#include "host/ecs/table_store.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t run_rows_min = 4;  // neighbours from here on go as one copy
constexpr std::uint32_t prefetch_rows = 8;

}  // namespace

void TableStore::gather(std::byte* out, const Column& from, const std::uint32_t* locations,
                        std::uint32_t count) const {
    const auto source = [&](std::uint32_t i) {
        return column_row(chunk_of(locations[i]), from, locations[i] & location_row_mask);
    };
    const auto run_end = [&](std::uint32_t i) {
        std::uint32_t end = i + 1;
        while (end < count && locations[end] == locations[end - 1] + 1) ++end;
        return end;
    };
    with_row_bytes(from.bytes, [&](auto bytes) {
        for (std::uint32_t i = 0; i < count;) {
            const std::uint32_t end = run_end(i);
            if (end - i >= run_rows_min) {
                std::memcpy(out + bytes * i, source(i), bytes * (end - i));
                i = end;
            } else {
                for (; i < end; ++i) std::memcpy(out + bytes * i, source(i), bytes);
            }
        }
    });
}

void TableStore::place_block(Archetype& from, Edge& edge, const RowRange& rows,
                             const Entity* entities, const std::uint32_t* locations) {
    std::memcpy(entity_column(rows.chunk) + rows.first, entities, sizeof(Entity) * rows.count);
    for (std::uint32_t i = 0; i < rows.count; ++i) {
        entities_.set_location(entities[i], rows.location() + i);
    }
    if (edge.carries_dirty) {
        for (std::uint32_t i = 0; i < rows.count; ++i) {
            copy_dirty(from, edge, chunk_of(locations[i]), locations[i] & location_row_mask,
                       rows.chunk, rows.first + i);
        }
    }
    ColumnTicks* const ticks = chunk_ticks(rows.chunk);
    const Chunk* last_source = nullptr;
    for (std::uint32_t i = 0; i < rows.count; ++i) {
        const Chunk* const source = chunk_of(locations[i]);
        if (source == last_source) continue;
        last_source = source;
        unsettled_.touch(*source);
        for (const Edge::Copy copy : edge.copies) {
            ticks[copy.to].written =
                std::max(ticks[copy.to].written, chunk_ticks(source)[copy.from].written);
        }
    }
    for (const Edge::Copy copy : edge.copies) {
        const Column& column = edge.target->columns[copy.to];
        if (column.bytes == 0) continue;
        gather(column_row(rows.chunk, column, rows.first), from.columns[copy.from], locations,
               rows.count);
    }
}

// The dead rows at the very end need no filling; only what lies before them does.
void TableStore::drop_dead_tail(Archetype& archetype, std::uint32_t& left) {
    while (left > 0) {
        Chunk* const last = archetype.chunks.back();
        const std::uint32_t row = last->count - 1;
        const Entity* const entities = chunk_entities(last);
        if (row >= prefetch_rows) entities_.prefetch(entities[row - prefetch_rows]);
        if (entities_.lives_at(entities[row], last->id << location_row_bits | row)) return;
        if (archetype.keeps_dirty) clear_dirty(archetype, last, row);
        rows_moved(*last);
        --last->count;
        --archetype.rows;
        --left;
        if (last->count == 0) pop_chunk(archetype);
    }
}

void TableStore::close_holes(Archetype& archetype, const std::uint32_t* locations,
                             std::uint32_t count) {
    if (count == archetype.rows) {
        while (!archetype.chunks.empty()) pop_chunk(archetype);
        archetype.rows = 0;
        return;
    }
    std::uint32_t left = count;
    for (std::uint32_t i = 0; i < count; ++i) {
        drop_dead_tail(archetype, left);
        if (left == 0) return;
        if (i + prefetch_rows < count && archetype_of(locations[i + prefetch_rows]) == &archetype) {
            const std::uint32_t ahead = locations[i + prefetch_rows];
            Chunk* const chunk = chunk_of(ahead);
            for (const Column& column : archetype.columns) {
                __builtin_prefetch(column_row(chunk, column, ahead & location_row_mask), 1);
            }
        }
        // The hole may have gone with the tail, or its chunk with it.
        const std::uint32_t row = locations[i] & location_row_mask;
        if (archetype_of(locations[i]) != &archetype) continue;
        const Chunk* const chunk = chunk_of(locations[i]);
        if (row >= chunk->count || entities_.lives_at(chunk_entities(chunk)[row], locations[i]))
            continue;
        remove_row(locations[i]);
        --left;
    }
    drop_dead_tail(archetype, left);
    GANTRY_ASSERT(left == 0);
}

}  // namespace gantry::ecs
