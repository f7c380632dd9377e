// The memory that a migration makes beside the world, laid out as the world will be.
#include <algorithm>
#include <map>

#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

std::vector<OtherTable>::iterator place_of(OtherWorld& other, std::uint32_t archetype) {
    return std::lower_bound(
        other.tables.begin(), other.tables.end(), archetype,
        [](const OtherTable& one, std::uint32_t index) { return one.archetype < index; });
}

}  // namespace

const ComponentChange* change_of(const Changes& changes, ComponentId id) {
    const auto found =
        std::find_if(changes.begin(), changes.end(),
                     [id](const ComponentChange& one) { return one.component == id; });
    return found == changes.end() ? nullptr : &*found;
}

bool is_touched(const Archetype& archetype, const Changes& changes) {
    return std::any_of(changes.begin(), changes.end(),
                       [&](const auto& change) { return archetype.has(change.component); });
}

Archetype next_layout(const Archetype& archetype, const Changes& changes,
                      std::uint32_t target_bytes) {
    Archetype next;
    next.columns = archetype.columns;
    next.entries.resize(archetype.entries.size());
    for (Column& column : next.columns) {
        if (const ComponentChange* const change = change_of(changes, column.component)) {
            column.bytes = change->after.size;
            column.keeps_dirty = change->after.replicated;
        }
        next.keeps_dirty |= column.keeps_dirty;
    }
    // As many rows as now: no row changes its place. Only an empty archetype can take the best
    // size.
    next.chunk_rows_full =
        archetype.chunks.empty() ? full_chunk_rows(next, target_bytes) : archetype.chunk_rows_full;
    lay_out(next, std::min(archetype.chunk_rows, next.chunk_rows_full), target_bytes);
    return next;
}

OtherTable* find_table(OtherWorld& other, std::uint32_t archetype) noexcept {
    const auto found = place_of(other, archetype);
    return found != other.tables.end() && found->archetype == archetype ? &*found : nullptr;
}

OtherTable& table_for(Parts& parts, const Changes& changes, const Archetype& archetype,
                      OtherWorld& other) {
    auto found = place_of(other, archetype.index);
    const bool is_new = found == other.tables.end() || found->archetype != archetype.index;
    if (is_new) found = other.tables.insert(found, OtherTable{archetype.index, {}, 0, {}});
    OtherTable& table = *found;
    while (table.chunks.size() > archetype.chunks.size()) {
        release_chunk(parts, table, table.chunks.back());
        table.chunks.pop_back();
    }
    const bool fits = !is_new && table.chunk_rows == archetype.chunk_rows &&
                      !table.chunks.empty() &&
                      table.layout.entries.size() == archetype.entries.size();
    if (fits) return table;
    for (OtherChunk& one : table.chunks) release_chunk(parts, table, one);
    table.chunks.clear();
    table.chunk_rows = archetype.chunk_rows;
    table.layout = next_layout(archetype, changes, parts.tables.chunk_bytes_target());
    return table;
}

OtherSparse& sparse_for(Parts& parts, std::size_t change, OtherWorld& other) {
    for (const auto& one : other.sparse) {
        if (one->change == change) return *one;
    }
    return *other.sparse.emplace_back(std::make_unique<OtherSparse>(change, parts.limits));
}

std::vector<std::size_t> slabs_wanted(Parts& parts, const Changes& changes) {
    std::map<std::uint32_t, std::uint64_t> chunks;  // by their size
    for (const auto& archetype : parts.tables.archetypes()) {
        if (!is_touched(*archetype, changes)) continue;
        const Archetype next = next_layout(*archetype, changes, parts.tables.chunk_bytes_target());
        chunks[next.chunk_bytes] += archetype->chunks.size();
    }
    std::vector<std::size_t> sizes;
    for (const auto& [bytes, count] : chunks) parts.tables.arena().slabs_for(bytes, count, sizes);
    return sizes;
}

void release_chunk(Parts& parts, const OtherTable& table, OtherChunk& one) noexcept {
    if (one.chunk != nullptr && !one.lent)
        parts.tables.give_chunk(one.chunk, table.layout.chunk_bytes);
    one = OtherChunk{};
}

void release_other(Parts& parts, OtherWorld& other) noexcept {
    for (OtherTable& table : other.tables) {
        for (OtherChunk& one : table.chunks) release_chunk(parts, table, one);
    }
    other = OtherWorld{};
}

}  // namespace gantry::ecs
