// What is left of a migration when layouts are exchanged: done before it, or on touch after it.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "host/core/log.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

/// What is not part of the rows: heads, ticks, and which rows are to be told to clients.
void finish_chunks(Parts& parts, const Changes& changes, OtherTable& table) {
    const Archetype& from = parts.tables.at(table.archetype);
    const Archetype& to = table.layout;
    for (std::size_t i = 0; i < from.chunks.size(); ++i) {
        Chunk* const old = from.chunks[i];
        Chunk* const fresh = table.chunks[i].chunk;
        std::memset(static_cast<void*>(fresh), 0, to.entities_offset);
        std::memcpy(static_cast<void*>(fresh), old,
                    sizeof(Chunk) + sizeof(ColumnTicks) * from.columns.size());
        fresh->entities_offset = to.entities_offset;
        for (std::size_t slot = 0; slot < from.columns.size(); ++slot) {
            const Column& before = from.columns[slot];
            const Column& after = to.columns[slot];
            if (change_of(changes, before.component) != nullptr) {
                chunk_ticks(fresh)[slot] = {parts.data.tick, parts.data.tick};
            }
            if (!before.keeps_dirty || !after.keeps_dirty) continue;
            std::memcpy(dirty_bits(fresh, after), dirty_bits(old, before),
                        8 * dirty_words(to.chunk_rows));
        }
    }
}

/// A pass that converts nothing: what is behind is listed.
void list_chunks(Parts& parts, const Conversion& how, OtherWorld& other, Waiting& waiting) {
    for (const auto& archetype : parts.tables.archetypes()) {
        if (!is_touched(*archetype, how.changes)) continue;
        OtherTable& table = table_for(parts, how.changes, *archetype, other);
        for (std::size_t i = 0; i < archetype->chunks.size(); ++i) {
            if (!is_behind(parts, how, *archetype, table, i)) continue;
            parts.unsettled.touch(*archetype->chunks[i]);
            if (table.chunks[i].at == 0) copy_entities(table, *archetype->chunks[i], i);
            waiting.chunks.push_back({archetype->index, static_cast<std::uint32_t>(i)});
        }
    }
}

void list_sparse(Parts& parts, const Conversion& how, OtherWorld& other, Waiting& waiting) {
    for (std::size_t i = 0; i < how.changes.size(); ++i) {
        const ComponentChange& change = how.changes[i];
        const SparseSet* const set = parts.sparse.find(change.component);
        if (set == nullptr) continue;
        OtherSparse& made = sparse_for(parts, i, other);
        if (!std::exchange(made.running, false) && is_as_it_was(*set, made)) continue;
        const std::uint32_t count = set->data().count;
        for (std::uint32_t row = 0; row < count; row += Unsettled::block_rows) {
            parts.unsettled.touch_row(change.component, row);
        }
        made.rows.reserve(
            std::max<std::size_t>(1, std::size_t{set->capacity()} * change.after.size));
        waiting.sparse.push_back(change.component);
    }
}

Result<Done> convert_resources(Parts& parts, const Conversion& how, OtherWorld& other) {
    for (std::size_t i = 0; i < how.changes.size(); ++i) {
        const ComponentChange& change = how.changes[i];
        const Resource* const resource = parts.resources.find(change.component);
        if (resource == nullptr) continue;
        OtherResource made{i, make_lines(change.after.size), change.after.size};
        auto converted =
            convert_resource(parts, how, change, resource->value.get(), made.value.get());
        if (!converted) return converted;
        other.resources.push_back(std::move(made));
    }
    return Done{};
}

}  // namespace

Result<Done> sweep_rest(Parts& parts, const Conversion& how, OtherWorld& other, Waiting* waiting) {
    other.next_archetype = other.next_chunk = 0;
    ++other.passes;
    if (waiting != nullptr) {
        begin_pass(parts, other);
        list_chunks(parts, how, other, *waiting);
        list_sparse(parts, how, other, *waiting);
    } else {
        for (const auto& made : other.sparse) {
            // Rows before the place where its run stands may have been written since.
            if (std::exchange(made->running, false)) made->at = 0;
        }
        auto done = sweep(parts, how, other, std::numeric_limits<std::uint64_t>::max());
        if (!done) return done.error();
    }
    for (OtherTable& table : other.tables) finish_chunks(parts, how.changes, table);
    for (const auto& made : other.sparse) {
        const SparseSet& set = *parts.sparse.find(how.changes[made->change].component);
        made->entities.assign(set.entities().begin(), set.entities().end());
    }
    return convert_resources(parts, how, other);
}

void bring_later(Parts& parts, const void* user, const Conversion& how, OtherWorld& other,
                 const Waiting& waiting) {
    if (waiting.chunks.empty() && waiting.sparse.empty()) return;
    const auto told = [](const Result<Done>& done) {
        if (!done) log::error("{}", done.error().message);
    };
    const auto chunk = [&parts, &other, how, told](std::uint32_t id, std::uint32_t index) {
        const Archetype& archetype = *parts.tables.archetype_of(id << location_row_bits);
        OtherTable& table = *find_table(other, archetype.index);
        OtherChunk& from = table.chunks[index];
        told(convert_chunk(parts, how,
                           {from.chunk,
                            table.layout.columns,
                            archetype.chunks[index],
                            archetype.columns,
                            {archetype.index, index},
                            from.at,
                            from.in_place}));
        other.rows += from.chunk->count;
        return std::uint64_t{from.chunk->count};
    };
    const auto block = [&parts, &other, how, told](ComponentId component, std::uint32_t number) {
        const ComponentChange& change = *change_of(how.changes, component);
        OtherSparse& from =
            sparse_for(parts, static_cast<std::size_t>(&change - how.changes.data()), other);
        const std::size_t first = std::size_t{number} * Unsettled::block_rows;
        const std::size_t count =
            std::min<std::size_t>(Unsettled::block_rows, from.entities.size() - first);
        told(convert_sparse(parts, how, change, from.rows.data() + change.before.size * first,
                            parts.sparse.find(component)->at(static_cast<std::uint32_t>(first)),
                            first, std::span{from.entities}.subspan(first, count)));
        other.rows += count;
        return std::uint64_t{count};
    };
    parts.unsettled.begin(user, {chunk, block});
    for (const Waiting::OfTable& one : waiting.chunks) {
        const Archetype& archetype = parts.tables.at(one.archetype);
        parts.unsettled.add_chunk(*archetype.chunks[one.index], one.index);
        parts.counters.rows_waited += archetype.chunks[one.index]->count;
    }
    for (const ComponentId component : waiting.sparse) {
        const std::uint32_t rows = parts.sparse.find(component)->data().count;
        parts.unsettled.add_sparse(component, rows);
        parts.counters.rows_waited += rows;
    }
}

}  // namespace gantry::ecs
