// The way back: what the newer layout could not hold returns from the memory that was kept.
#include <cstring>
#include <unordered_map>

#include "host/core/log.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

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

void copy_kept(const ComponentChange& change, const std::byte* old_value, std::byte* value) {
    for (const ByteRange& range : change.kept) {
        std::memcpy(value + range.offset, old_value + range.offset, range.bytes);
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
            copy_kept(change, column_row(old.chunk, old.table->layout.columns[old_slot], old.row),
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
        copy_kept(change, old.rows.data() + found->second * change.before.size,
                  fresh.rows.data() + std::size_t{row} * change.before.size);
    }
}

}  // namespace

void restore_kept(const OtherWorld& old, const Changes& changes, Parts& parts, OtherWorld& fresh) {
    OldRows old_rows;
    for (const ComponentChange& change : changes) {
        if (change.kept.empty()) continue;
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
                copy_kept(changes[kept.change], kept.value.get(), made.value.get());
            }
        }
    }
}

void run_converters(Parts& parts, const Changes& back, const CallOwner& call, OtherWorld& fresh) {
    const auto run = [&](const ComponentChange& change, std::byte* from, std::byte* to,
                         std::size_t rows) {
        const auto done = run_converter(parts, change, call, from, to, rows);
        if (!done)
            log::warn("rollback: {}; the values of the hand-over stay", done.error().message);
        return done.has_value();
    };
    for (const ComponentChange& change : back) {
        if (change.convert == nullptr) continue;
        bool good = true;
        for (OtherTable& table : fresh.tables) {
            if (!table.layout.has(change.component)) continue;
            const Archetype& now = parts.tables.at(table.archetype);
            const std::size_t slot = now.entries[change.component].slot;
            for (std::size_t i = 0; good && i < table.chunks.size(); ++i) {
                Chunk* const chunk = now.chunks[i];
                good =
                    run(change, column_row(chunk, now.columns[slot], 0),
                        column_row(table.chunks[i], table.layout.columns[slot], 0), chunk->count);
            }
        }
        for (const auto& made : fresh.sparse) {
            if (&back[made->change] != &change || !good) continue;
            SparseSet& set = *parts.sparse.find(change.component);
            good = run(change, set.at(0), made->rows.data(), set.data().count);
        }
        for (OtherResource& made : fresh.resources) {
            if (&back[made.change] != &change || !good) continue;
            Resource& resource = *parts.resources.find(change.component);
            good = run(change, resource.value.get(), made.value.get(), 1);
        }
    }
}

}  // namespace gantry::ecs
