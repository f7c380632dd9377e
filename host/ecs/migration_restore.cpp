// The way back: what the newer layout could not hold returns from the memory that was kept.
#include <algorithm>
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

/// Where rows were at the commit. Most are where they were; only for the others an index is made.
class OldRows {
public:
    explicit OldRows(const OtherWorld& old) noexcept : old_{old} {
        for (const OtherTable& table : old.tables) {
            by_archetype_.resize(std::max<std::size_t>(by_archetype_.size(), table.archetype + 1u));
            by_archetype_[table.archetype] = &table;
        }
    }

    /// No table when the entity had no row; the place is where it is today.
    OldRow find(Entity entity, std::uint32_t archetype, std::size_t chunk, std::uint32_t row) {
        if (archetype < by_archetype_.size() && by_archetype_[archetype] != nullptr) {
            const OtherTable& table = *by_archetype_[archetype];
            if (chunk < table.chunks.size() && row < table.chunks[chunk]->count &&
                chunk_entities(table.chunks[chunk])[row] == entity) {
                return {&table, table.chunks[chunk], row};
            }
        }
        if (moved_.empty()) index();
        const auto found = moved_.find(entity.value);
        return found != moved_.end() ? found->second : OldRow{};
    }

private:
    void index() {
        moved_.reserve(old_.rows);
        for (const OtherTable& table : old_.tables) {
            for (Chunk* chunk : table.chunks) {
                for (std::uint32_t row = 0; row < chunk->count; ++row) {
                    moved_[chunk_entities(chunk)[row].value] = {&table, chunk, row};
                }
            }
        }
    }

    const OtherWorld& old_;
    std::vector<const OtherTable*> by_archetype_;
    std::unordered_map<std::uint64_t, OldRow> moved_;
};

void copy_kept(const ComponentChange& change, const std::byte* old_value, std::byte* value) {
    for (const ByteRange& range : change.kept) {
        std::memcpy(value + range.offset, old_value + range.offset, range.bytes);
    }
}

void restore_table(OldRows& old_rows, const ComponentChange& change, OtherTable& table) {
    const std::size_t slot = table.layout.entries[change.component].slot;
    const Column& column = table.layout.columns[slot];
    for (std::size_t i = 0; i < table.chunks.size(); ++i) {
        Chunk* const chunk = table.chunks[i];
        for (std::uint32_t row = 0; row < chunk->count; ++row) {
            const OldRow old = old_rows.find(chunk_entities(chunk)[row], table.archetype, i, row);
            if (old.table == nullptr || !old.table->layout.has(change.component)) continue;
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
    OldRows old_rows{old};
    for (const ComponentChange& change : changes) {
        if (change.kept.empty()) continue;
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
