// The memory work of a migration: build beside, exchange, restore, release.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "host/core/assert.h"
#include "host/ecs/field_plan.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

const ComponentChange* change_of(const Changes& changes, ComponentId id) {
    const auto found =
        std::find_if(changes.begin(), changes.end(),
                     [id](const ComponentChange& one) { return one.component == id; });
    return found == changes.end() ? nullptr : &*found;
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

Chunk* convert_chunk(Parts& parts, const Archetype& from, const Archetype& to, Chunk* old,
                     const Changes& changes) {
    Chunk* const fresh = parts.tables.take_chunk(to.chunk_bytes);
    std::memset(static_cast<void*>(fresh), 0, to.entities_offset);
    std::memcpy(static_cast<void*>(fresh), old,
                sizeof(Chunk) + sizeof(ColumnTicks) * from.columns.size());
    fresh->entities_offset = to.entities_offset;
    std::memcpy(entity_column(fresh), chunk_entities(old), sizeof(Entity) * old->count);
    for (std::size_t slot = 0; slot < from.columns.size(); ++slot) {
        const Column& before = from.columns[slot];
        const Column& after = to.columns[slot];
        if (before.keeps_dirty && after.keeps_dirty) {
            std::memcpy(dirty_bits(fresh, after), dirty_bits(old, before),
                        8 * dirty_words(to.chunk_rows));
        }
        if (const ComponentChange* const change = change_of(changes, before.component)) {
            convert_rows(*change, column_row(old, before, 0), column_row(fresh, after, 0),
                         old->count);
            chunk_ticks(fresh)[slot] = {parts.data.tick, parts.data.tick};
        } else if (before.bytes > 0) {
            std::memcpy(column_row(fresh, after, 0), column_row(old, before, 0),
                        std::size_t{before.bytes} * old->count);
        }
    }
    return fresh;
}

/// Where an entity's row was, in memory that a migration keeps.
struct OldRow {
    const OtherTable* table = nullptr;
    Chunk* chunk = nullptr;
    std::uint32_t row = 0;
};

using OldRows = std::unordered_map<std::uint64_t, OldRow>;

OldRows index_old_rows(const OtherWorld& old) {
    OldRows rows;
    rows.reserve(old.rows);
    for (const OtherTable& table : old.tables) {
        for (Chunk* chunk : table.chunks) {
            for (std::uint32_t row = 0; row < chunk->count; ++row) {
                rows[chunk_entities(chunk)[row].value] = {&table, chunk, row};
            }
        }
    }
    return rows;
}

void copy_dropped(const ComponentChange& change, const std::byte* old_value, std::byte* value) {
    for (const std::string& name : change.dropped) {
        const Field& field = *change.before.find(name);
        std::memcpy(value + field.offset, old_value + field.offset, field.bytes());
    }
}

void restore_table(const OldRows& old_rows, const ComponentChange& change, OtherTable& table) {
    const std::size_t slot = table.layout.entries[change.component].slot;
    const Column& column = table.layout.columns[slot];
    for (Chunk* chunk : table.chunks) {
        for (std::uint32_t row = 0; row < chunk->count; ++row) {
            const auto found = old_rows.find(chunk_entities(chunk)[row].value);
            if (found == old_rows.end()) continue;
            const OldRow& old = found->second;
            if (!old.table->layout.has(change.component)) continue;
            const std::size_t old_slot = old.table->layout.entries[change.component].slot;
            copy_dropped(change,
                         column_row(old.chunk, old.table->layout.columns[old_slot], old.row),
                         column_row(chunk, column, row));
        }
    }
}

void restore_sparse(const OtherSparse& old, const ComponentChange& change, const SparseSet& now,
                    OtherSparse& fresh) {
    std::unordered_map<std::uint64_t, std::size_t> old_rows;
    for (std::size_t row = 0; row < old.entities.size(); ++row)
        old_rows[old.entities[row].value] = row;
    for (std::uint32_t row = 0; row < now.data().count; ++row) {
        const auto found = old_rows.find(now.entities()[row].value);
        if (found == old_rows.end()) continue;
        copy_dropped(change, old.rows.data() + found->second * change.before.size,
                     fresh.rows.data() + std::size_t{row} * change.before.size);
    }
}

}  // namespace

OtherWorld build_other(Parts& parts, const Changes& changes) {
    OtherWorld other;
    for (const auto& archetype : parts.tables.archetypes()) {
        const bool touched = std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
            return archetype->has(change.component);
        });
        if (!touched) continue;
        OtherTable& table = other.tables.emplace_back();
        table.archetype = archetype->index;
        table.layout = next_layout(*archetype, changes, parts.tables.chunk_bytes_target());
        for (Chunk* chunk : archetype->chunks) {
            table.chunks.push_back(convert_chunk(parts, *archetype, table.layout, chunk, changes));
        }
        other.rows += archetype->rows;
        other.bytes += std::uint64_t{table.layout.chunk_bytes} * table.chunks.size();
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const ComponentChange& change = changes[i];
        if (const SparseSet* const set = parts.sparse.find(change.component)) {
            auto made = std::make_unique<OtherSparse>(i, parts.limits);
            made->rows.reserve(
                std::max<std::size_t>(1, std::size_t{set->capacity()} * change.after.size));
            convert_rows(change, set->at(0), made->rows.data(), set->data().count);
            made->entities.assign(set->entities().begin(), set->entities().end());
            other.rows += set->data().count;
            other.bytes += made->rows.bytes();
            other.sparse.push_back(std::move(made));
        }
        if (const Resource* const resource = parts.resources.find(change.component)) {
            OtherResource made{i, make_lines(change.after.size), change.after.size};
            convert_rows(change, resource->value.get(), made.value.get(), 1);
            other.resources.push_back(std::move(made));
        }
    }
    return other;
}

void restore_dropped(const OtherWorld& old, const Changes& changes, Parts& parts,
                     OtherWorld& fresh) {
    OldRows old_rows;
    for (const ComponentChange& change : changes) {
        if (change.dropped.empty()) continue;
        if (old_rows.empty()) old_rows = index_old_rows(old);
        for (OtherTable& table : fresh.tables) {
            if (table.layout.has(change.component)) restore_table(old_rows, change, table);
        }
    }
    for (const auto& made : fresh.sparse) {
        for (const auto& kept : old.sparse) {
            if (kept->change != made->change) continue;
            const ComponentChange& change = changes[kept->change];
            restore_sparse(*kept, change, *parts.sparse.find(change.component), *made);
        }
    }
    for (OtherResource& made : fresh.resources) {
        for (const OtherResource& kept : old.resources) {
            if (kept.change == made.change) {
                copy_dropped(changes[kept.change], kept.value.get(), made.value.get());
            }
        }
    }
}

void exchange(Parts& parts, const Changes& changes, OtherWorld& other) {
    for (OtherTable& table : other.tables) {
        Archetype& archetype = parts.tables.at(table.archetype);
        GANTRY_ASSERT(archetype.chunks.size() == table.chunks.size());
        std::swap(archetype.columns, table.layout.columns);
        // Chunk entries point at the archetype's own array: its content changes, not its place.
        GANTRY_ASSERT(archetype.entries.size() == table.layout.entries.size());
        std::swap_ranges(archetype.entries.begin(), archetype.entries.end(),
                         table.layout.entries.begin());
        std::swap(archetype.entities_offset, table.layout.entities_offset);
        std::swap(archetype.chunk_bytes, table.layout.chunk_bytes);
        std::swap(archetype.chunk_rows, table.layout.chunk_rows);
        std::swap(archetype.chunk_rows_full, table.layout.chunk_rows_full);
        std::swap(archetype.keeps_dirty, table.layout.keeps_dirty);
        for (std::size_t i = 0; i < table.chunks.size(); ++i) {
            table.chunks[i] = parts.tables.replace_chunk(archetype, i, table.chunks[i]);
        }
        parts.tables.layout_changed(archetype);
    }
    parts.tables.refresh_edges();
    for (const auto& made : other.sparse) {
        const ComponentChange& change = changes[made->change];
        SparseSet& set = *parts.sparse.find(change.component);
        set.exchange_rows(made->rows, change.after.size);
        set.keep_dirty(change.after.replicated);
    }
    for (OtherResource& made : other.resources) {
        Resource& resource = *parts.resources.find(changes[made.change].component);
        std::swap(resource.value, made.value);
        std::swap(resource.bytes, made.bytes);
        resource.written_tick = parts.data.tick;
    }
    for (const ComponentChange& change : changes)
        parts.components[change.component].schema = change.after;
    ++parts.structure_version;
}

void release_other(Parts& parts, OtherWorld& other) noexcept {
    for (OtherTable& table : other.tables) {
        for (Chunk* chunk : table.chunks) parts.tables.give_chunk(chunk, table.layout.chunk_bytes);
    }
    other = OtherWorld{};
}

}  // namespace gantry::ecs
