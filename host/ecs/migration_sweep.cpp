// A migration's passes over the world: chunk by chunk, only what has changed since the last one.
#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "host/core/assert.h"
#include "host/core/log.h"
#include "host/ecs/field_plan.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

constexpr std::uint32_t sparse_block_rows = 4096;

/// Going back, what was kept comes between the moves and the plugin's function, and a function that
/// fails leaves the values of the hand-over.
template <class Restore>
Result<Done> convert(Parts& parts, const Conversion& how, const ComponentChange& change,
                     std::byte* from, std::byte* to, std::size_t rows, const Restore& restore) {
    convert_rows(change, from, to, rows);
    if (how.back == nullptr) return run_converter(parts, change, how.call, from, to, rows);
    restore();
    if (how.back->silent(change.component)) return Done{};
    if (auto done = run_converter(parts, change, how.call, from, to, rows); !done) {
        log::warn("rollback: {}; the values of the hand-over stay", done.error().message);
        how.back->silence(change.component);
    }
    return Done{};
}

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

/// The place of an archetype's chunks beside, laid out for the archetype as it is now.
OtherTable& table_for(Parts& parts, const Changes& changes, const Archetype& archetype,
                      OtherWorld& other) {
    auto found = std::lower_bound(
        other.tables.begin(), other.tables.end(), archetype.index,
        [](const OtherTable& one, std::uint32_t index) { return one.archetype < index; });
    const bool is_new = found == other.tables.end() || found->archetype != archetype.index;
    if (is_new) found = other.tables.insert(found, OtherTable{archetype.index, {}, 0, {}, {}});
    OtherTable& table = *found;
    while (table.chunks.size() > archetype.chunks.size()) {
        parts.tables.give_chunk(table.chunks.back(), table.layout.chunk_bytes);
        table.chunks.pop_back();
        table.at.pop_back();
    }
    const bool fits = !is_new && table.chunk_rows == archetype.chunk_rows &&
                      !table.chunks.empty() &&
                      table.layout.entries.size() == archetype.entries.size();
    if (fits) return table;
    for (Chunk* chunk : table.chunks) parts.tables.give_chunk(chunk, table.layout.chunk_bytes);
    table.chunks.clear();
    table.at.clear();
    table.chunk_rows = archetype.chunk_rows;
    table.layout = next_layout(archetype, changes, parts.tables.chunk_bytes_target());
    return table;
}

/// The chunk at `index` beside, as the live one is now. Answers how many rows it took.
Result<std::uint64_t> refresh_chunk(Parts& parts, const Conversion& how, const Archetype& from,
                                    OtherTable& table, std::size_t index) {
    Chunk* const old = from.chunks[index];
    const bool is_new = index == table.chunks.size();
    if (is_new) {
        table.chunks.push_back(parts.tables.take_chunk(table.layout.chunk_bytes));
        table.at.push_back(0);
    }
    Chunk* const fresh = table.chunks[index];
    const std::uint64_t at = table.at[index];
    const bool all = is_new || parts.tables.moved_tick(*old) > at;
    const ColumnTicks* const ticks = chunk_ticks(old);
    bool converted = all;
    if (all) {
        std::memcpy(reinterpret_cast<std::byte*>(fresh) + table.layout.entities_offset,
                    chunk_entities(old), sizeof(Entity) * old->count);
    }
    for (std::size_t slot = 0; slot < from.columns.size(); ++slot) {
        if (!all && ticks[slot].written <= at) continue;
        converted = true;
        const Column& before = from.columns[slot];
        const Column& after = table.layout.columns[slot];
        std::byte* const source = column_row(old, before, 0);
        std::byte* const target = column_row(fresh, after, 0);
        if (const ComponentChange* const change = change_of(how.changes, before.component)) {
            const auto restore = [&] {
                how.back->restore_rows(before.component, {from.index, index},
                                       {chunk_entities(old), old->count}, target);
            };
            auto done = convert(parts, how, *change, source, target, old->count, restore);
            if (!done) return done.error();
        } else if (before.bytes > 0) {
            std::memcpy(target, source, std::size_t{before.bytes} * old->count);
        }
    }
    if (!converted) return std::uint64_t{0};
    table.at[index] = parts.data.tick;
    return std::uint64_t{old->count};
}

/// One run over a set in each pass that finds it written since the last run began.
Result<std::uint64_t> refresh_sparse(Parts& parts, const Conversion& how,
                                     const ComponentChange& change, OtherSparse& made,
                                     std::uint32_t pass, std::uint64_t rows_max) {
    SparseSet& set = *parts.sparse.find(change.component);
    const std::uint32_t bytes = change.after.size;
    if (!made.running) {
        const bool fits = made.at != 0 && set.data().ticks.written <= made.at &&
                          set.rows_version() == made.version;
        if (made.pass == pass || fits) return std::uint64_t{0};
        made.running = true;
        made.done = 0;
        made.at = parts.data.tick;
        made.version = set.rows_version();
    }
    made.rows.reserve(std::max<std::size_t>(1, std::size_t{set.capacity()} * bytes));
    std::uint64_t rows = 0;
    while (made.done < set.data().count && rows < rows_max) {
        const std::uint32_t count = std::min(sparse_block_rows, set.data().count - made.done);
        std::byte* const target = made.rows.data() + std::size_t{bytes} * made.done;
        const auto restore = [&] {
            how.back->restore_sparse(change.component, made.done,
                                     set.entities().subspan(made.done, count), target);
        };
        auto done = convert(parts, how, change, set.at(made.done), target, count, restore);
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
        auto found = std::find_if(other.sparse.begin(), other.sparse.end(),
                                  [i](const auto& one) { return one->change == i; });
        if (found == other.sparse.end()) {
            other.sparse.push_back(std::make_unique<OtherSparse>(i, parts.limits));
            found = std::prev(other.sparse.end());
        }
        auto done =
            refresh_sparse(parts, how, changes[i], **found, other.passes + 1, rows_max - rows);
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

/// What is not part of the rows: heads, ticks, and which rows are to be told to clients.
void finish_chunks(Parts& parts, const Changes& changes, OtherTable& table) {
    const Archetype& from = parts.tables.at(table.archetype);
    const Archetype& to = table.layout;
    for (std::size_t i = 0; i < from.chunks.size(); ++i) {
        Chunk* const old = from.chunks[i];
        Chunk* const fresh = table.chunks[i];
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

Result<bool> sweep(Parts& parts, const Conversion& how, OtherWorld& other, std::uint64_t rows_max) {
    if (other.layout_version != parts.layout_version) {  // another migration came first
        release_other(parts, other);
        other.layout_version = parts.layout_version;
    }
    auto over = sweep_on(parts, how, other, rows_max);
    ++parts.data.tick;  // every write from here on is later than what was read
    return over;
}

Result<Done> sweep_rest(Parts& parts, const Conversion& how, OtherWorld& other) {
    const Changes& changes = how.changes;
    other.next_archetype = other.next_chunk = 0;
    ++other.passes;
    for (const auto& made : other.sparse) {
        // Rows before the place where its run stands may have been written since.
        if (std::exchange(made->running, false)) made->at = 0;
    }
    auto done = sweep(parts, how, other, std::numeric_limits<std::uint64_t>::max());
    if (!done) return done.error();
    for (OtherTable& table : other.tables) finish_chunks(parts, changes, table);
    for (const auto& made : other.sparse) {
        const SparseSet& set = *parts.sparse.find(changes[made->change].component);
        made->entities.assign(set.entities().begin(), set.entities().end());
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const ComponentChange& change = changes[i];
        const Resource* const resource = parts.resources.find(change.component);
        if (resource == nullptr) continue;
        OtherResource made{i, make_lines(change.after.size), change.after.size};
        const auto restore = [&] {
            how.back->restore_resource(change.component, made.value.get());
        };
        auto converted =
            convert(parts, how, change, resource->value.get(), made.value.get(), 1, restore);
        if (!converted) return converted.error();
        other.resources.push_back(std::move(made));
    }
    return Done{};
}

}  // namespace gantry::ecs
