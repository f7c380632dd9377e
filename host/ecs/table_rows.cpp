// Rows one at a time: append, mark, remove, move.
#include <algorithm>

#include "host/core/assert.h"
#include "host/ecs/row_copy.h"
#include "host/ecs/table_store.h"

namespace gantry::ecs {
namespace {

constexpr std::uint64_t bit(std::uint32_t row) noexcept { return std::uint64_t{1} << (row & 63); }

// A chunk that takes a row in has changed as lately as the chunk that the row came from.
void take_tick(ColumnTicks& to, const ColumnTicks& from) noexcept {
    to.written = std::max(to.written, from.written);
}

}  // namespace

RowRange TableStore::append(Archetype& archetype, std::uint64_t wanted) {
    Chunk* const chunk = tail(archetype, wanted);
    rows_moved(*chunk);
    const std::uint32_t first = chunk->count;
    const auto count =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, archetype.chunk_rows - first));
    chunk->count += count;
    archetype.rows += count;
    return {chunk, first, count};
}

void TableStore::init_rows(const Archetype& archetype, const RowRange& rows) noexcept {
    for (std::uint32_t slot = 0; slot < archetype.columns.size(); ++slot) {
        const Column& column = archetype.columns[slot];
        copy_rows(column_row(rows.chunk, column, rows.first), column.about->schema.defaults.data(),
                  column.bytes, 0, rows.count);
        mark(archetype, rows, slot);
    }
}

void TableStore::mark(const Archetype& archetype, const RowRange& rows,
                      std::uint32_t slot) noexcept {
    const Column& column = archetype.columns[slot];
    chunk_ticks(rows.chunk)[slot].written = data_.tick;
    if (!column.keeps_dirty) return;
    std::uint64_t* const bits = dirty_bits(rows.chunk, column);
    const std::uint32_t end = rows.first + rows.count;
    for (std::uint32_t row = rows.first; row < end;) {
        if ((row & 63) == 0 && end - row >= 64) {
            bits[row >> 6] = ~std::uint64_t{0};
            row += 64;
        } else {
            bits[row >> 6] |= bit(row);
            ++row;
        }
    }
}

bool TableStore::is_dirty(Chunk* chunk, const Archetype& archetype, std::uint32_t slot,
                          std::uint32_t row) const {
    const Column& column = archetype.columns[slot];
    if ((dirty_bits(chunk, column)[row >> 6] & bit(row)) != 0) return true;
    return chunk_ticks(chunk)[slot].bulk > column.about->collected_tick;
}

void TableStore::clear_dirty(const Archetype& archetype, Chunk* chunk, std::uint32_t row) noexcept {
    for (const Column& column : archetype.columns) {
        if (column.keeps_dirty) dirty_bits(chunk, column)[row >> 6] &= ~bit(row);
    }
}

void TableStore::copy_dirty(const Archetype& from, const Edge& edge, Chunk* source,
                            std::uint32_t row, Chunk* target, std::uint32_t target_row) noexcept {
    for (const Edge::Copy copy : edge.copies) {
        const Column& column = edge.target->columns[copy.to];
        if (!column.keeps_dirty || !is_dirty(source, from, copy.from, row)) continue;
        dirty_bits(target, column)[target_row >> 6] |= bit(target_row);
    }
}

void TableStore::remove_row(std::uint32_t location) {
    Archetype& archetype = *archetype_of(location);
    Chunk* const hole = chunk_of(location);
    Chunk* const last = archetype.chunks.back();
    const std::uint32_t row = location & location_row_mask;
    const std::uint32_t last_row = last->count - 1;
    rows_moved(*last);
    if (hole != last || row != last_row) {
        rows_moved(*hole);
        const Entity moved = chunk_entities(last)[last_row];
        entity_column(hole)[row] = moved;
        entities_.set_location(moved, location);
        for (std::uint32_t slot = 0; slot < archetype.columns.size(); ++slot) {
            const Column& column = archetype.columns[slot];
            copy_row(column_row(hole, column, row), column_row(last, column, last_row),
                     column.bytes);
            take_tick(chunk_ticks(hole)[slot], chunk_ticks(last)[slot]);
            if (!column.keeps_dirty) continue;
            std::uint64_t& word = dirty_bits(hole, column)[row >> 6];
            word = (word & ~bit(row)) | (is_dirty(last, archetype, slot, last_row) ? bit(row) : 0);
        }
    }
    if (archetype.keeps_dirty) clear_dirty(archetype, last, last_row);
    --last->count;
    --archetype.rows;
    if (last->count == 0) pop_chunk(archetype);
}

RowRange TableStore::move_row(Entity entity, Edge& edge) {
    const std::uint32_t location = entities_.location(entity);
    const Archetype& from = *archetype_of(location);
    Chunk* const source = chunk_of(location);
    const std::uint32_t row = location & location_row_mask;
    unsettled_.touch(*source);
    const RowRange to = append(*edge.target, 1);
    entity_column(to.chunk)[to.first] = entity;
    for (const Edge::Copy copy : edge.copies) {
        const Column& column = edge.target->columns[copy.to];
        copy_row(column_row(to.chunk, column, to.first),
                 column_row(source, from.columns[copy.from], row), column.bytes);
        take_tick(chunk_ticks(to.chunk)[copy.to], chunk_ticks(source)[copy.from]);
    }
    if (edge.carries_dirty) copy_dirty(from, edge, source, row, to.chunk, to.first);
    entities_.set_location(entity, to.location());
    remove_row(location);
    return to;
}

}  // namespace gantry::ecs
