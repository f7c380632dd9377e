// A migration's passes over the world: chunk by chunk, only what has changed since the last one.
#include <algorithm>

#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

/// The chunk at `index` beside, as the live one is now. Answers how many rows it took.
Result<std::uint64_t> refresh_chunk(Parts& parts, const Conversion& how, const Archetype& from,
                                    OtherTable& table, std::size_t index) {
    if (!is_behind(parts, how, from, table, index)) return std::uint64_t{0};
    Chunk* const live = from.chunks[index];
    OtherChunk& one = table.chunks[index];
    parts.unsettled.touch(*live);
    if (one.at == 0) copy_entities(table, *live, index);
    auto done = convert_chunk(parts, how,
                              {live,
                               from.columns,
                               one.chunk,
                               table.layout.columns,
                               {from.index, index},
                               one.at,
                               one.lent});
    if (!done) return done.error();
    one.at = parts.data.tick;
    return std::uint64_t{live->count};
}

/// One run over a set in each pass that finds it written since the last run began.
Result<std::uint64_t> refresh_sparse(Parts& parts, const Conversion& how,
                                     const ComponentChange& change, OtherSparse& made,
                                     std::uint32_t pass, std::uint64_t rows_max) {
    SparseSet& set = *parts.sparse.find(change.component);
    const std::uint32_t bytes = change.after.size;
    if (!made.running) {
        if (made.pass == pass || is_as_it_was(set, made)) return std::uint64_t{0};
        made.running = true;
        made.done = 0;
        made.at = parts.data.tick;
        made.version = set.rows_version();
    }
    made.rows.reserve(std::max<std::size_t>(1, std::size_t{set.capacity()} * bytes));
    std::uint64_t rows = 0;
    while (made.done < set.data().count && rows < rows_max) {
        const std::uint32_t count = std::min(Unsettled::block_rows, set.data().count - made.done);
        parts.unsettled.touch_row(change.component, made.done);
        auto done = convert_sparse(parts, how, change, set.at(made.done),
                                   made.rows.data() + std::size_t{bytes} * made.done, made.done,
                                   set.entities().subspan(made.done, count));
        if (!done) return done.error();
        made.done += count;
        rows += count;
    }
    if (made.done >= set.data().count) {
        made.running = false;
        made.pass = pass;
    }
    return rows;
}

Result<std::uint64_t> sweep_sparse(Parts& parts, const Conversion& how, OtherWorld& other,
                                   std::uint64_t rows_max) {
    const Changes& changes = how.changes;
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < changes.size() && rows < rows_max; ++i) {
        if (parts.sparse.find(changes[i].component) == nullptr) continue;
        auto done = refresh_sparse(parts, how, changes[i], sparse_for(parts, i, other),
                                   other.passes + 1, rows_max - rows);
        if (!done) return done;
        rows += *done;
    }
    return rows;
}

Result<std::uint64_t> sweep_tables(Parts& parts, const Conversion& how, OtherWorld& other,
                                   std::uint64_t rows_max) {
    std::uint64_t rows = 0;
    const auto archetypes = parts.tables.archetypes();
    for (; other.next_archetype < archetypes.size(); ++other.next_archetype, other.next_chunk = 0) {
        const Archetype& archetype = *archetypes[other.next_archetype];
        if (!is_touched(archetype, how.changes)) continue;
        OtherTable& table = table_for(parts, how.changes, archetype, other);
        // It may have got shorter, or begun anew, since the pass was here.
        const std::size_t there = std::min<std::size_t>(other.next_chunk, table.chunks.size());
        other.next_chunk = static_cast<std::uint32_t>(there);
        for (; other.next_chunk < archetype.chunks.size(); ++other.next_chunk) {
            if (rows >= rows_max) return rows;
            auto done = refresh_chunk(parts, how, archetype, table, other.next_chunk);
            if (!done) return done;
            rows += *done;
        }
    }
    return rows;
}

Result<bool> sweep_on(Parts& parts, const Conversion& how, OtherWorld& other,
                      std::uint64_t rows_max) {
    auto rows = sweep_tables(parts, how, other, rows_max);
    if (!rows) return rows.error();
    std::uint64_t total = *rows;
    if (total < rows_max) {
        auto more = sweep_sparse(parts, how, other, rows_max - total);
        if (!more) return more.error();
        total += *more;
    }
    other.rows += total;
    other.pass_rows += total;
    return total < rows_max;
}

}  // namespace

bool is_as_it_was(const SparseSet& set, const OtherSparse& made) {
    return made.at != 0 && set.data().ticks.written <= made.at &&
           set.rows_version() == made.version;
}

void begin_pass(Parts& parts, OtherWorld& other) noexcept {
    if (other.layout_version == parts.layout_version) return;
    release_other(parts, other);  // another migration came first
    other.layout_version = parts.layout_version;
}

Result<bool> sweep(Parts& parts, const Conversion& how, OtherWorld& other, std::uint64_t rows_max) {
    begin_pass(parts, other);
    auto over = sweep_on(parts, how, other, rows_max);
    ++parts.data.tick;  // every write from here on is later than what was read
    return over;
}

}  // namespace gantry::ecs
