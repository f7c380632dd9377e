#include "host/ecs/archetype.h"

#include <algorithm>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t line = 64;

constexpr std::uint32_t round_up(std::uint32_t bytes) noexcept {
    return (bytes + line - 1) / line * line;
}

std::uint32_t head_bytes(const Archetype& archetype) {
    return round_up(
        static_cast<std::uint32_t>(sizeof(Chunk) + sizeof(ColumnTicks) * archetype.columns.size()));
}

std::uint32_t bytes_for(const Archetype& archetype, std::uint32_t rows) {
    std::uint32_t bytes = head_bytes(archetype) + round_up(rows * sizeof(Entity));
    for (const Column& column : archetype.columns) {
        bytes += round_up(column.bytes * rows);
        if (column.keeps_dirty) bytes += round_up(dirty_words(rows) * 8);
    }
    return bytes;
}

}  // namespace

std::uint32_t full_chunk_rows(const Archetype& archetype, std::uint32_t chunk_bytes) {
    std::uint32_t row_bytes = sizeof(Entity);
    for (const Column& column : archetype.columns) row_bytes += column.bytes;
    std::uint32_t rows = std::min(chunk_rows_max, chunk_bytes / row_bytes);
    rows = rows >= 64 ? rows / 64 * 64 : std::max(rows / 8 * 8, 8u);
    while (rows > 64 && bytes_for(archetype, rows) > chunk_bytes) rows -= 64;
    return rows;
}

void lay_out(Archetype& archetype, std::uint32_t rows, std::uint32_t chunk_bytes_target) {
    GANTRY_ASSERT(rows > 0 && rows <= chunk_rows_max);
    std::uint32_t offset = head_bytes(archetype);
    for (Column& column : archetype.columns) {
        column.dirty_offset = column.keeps_dirty ? offset : 0;
        if (column.keeps_dirty) offset += round_up(dirty_words(rows) * 8);
    }
    GANTRY_ASSERT(offset / line <= UINT16_MAX);
    archetype.entities_offset = offset;
    offset += round_up(rows * static_cast<std::uint32_t>(sizeof(Entity)));
    for (std::size_t slot = 0; slot < archetype.columns.size(); ++slot) {
        Column& column = archetype.columns[slot];
        // A tag has no bytes; any offset but 0 says that it is there.
        column.offset = column.bytes == 0 ? archetype.entities_offset : offset;
        offset += round_up(column.bytes * rows);
        archetype.entries[column.component] = {
            column.offset, static_cast<std::uint16_t>(column.dirty_offset / line),
            static_cast<std::uint16_t>(slot)};
    }
    // Full chunks get one size, to share slabs. Three lines over a multiple of 4 KiB keep the heads
    // of neighbours out of each other's cache sets.
    const bool near_target =
        offset <= chunk_bytes_target && offset >= chunk_bytes_target - chunk_bytes_target / 4;
    if (near_target) offset = chunk_bytes_target;
    archetype.chunk_rows = rows;
    archetype.chunk_bytes = offset % 4096 < 2 * line ? offset + 3 * line : offset;
}

}  // namespace gantry::ecs
