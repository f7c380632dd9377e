// A migration's conversions: one chunk, some rows of a sparse set, one resource.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/core/log.h"
#include "host/ecs/field_plan.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

bool is_silent(const Conversion& how, ComponentId component) {
    return how.silent != nullptr &&
           std::find(how.silent->begin(), how.silent->end(), component) != how.silent->end();
}

/// Going back, what was kept comes between the moves and the plugin's function.
template <class Restore>
Result<Done> convert(Parts& parts, const Conversion& how, const ComponentChange& change,
                     std::byte* from, std::byte* to, std::size_t rows, const Restore& restore) {
    convert_rows(change, from, to, rows);
    if (how.back != nullptr) restore(*how.back);
    if (is_silent(how, change.component)) return Done{};
    auto done = run_converter(parts, change, how.call, from, to, rows);
    if (done || how.silent == nullptr) return done;
    log::warn("{}; the values without it stay", done.error().message);
    how.silent->push_back(change.component);
    return Done{};
}

}  // namespace

void copy_entities(const OtherTable& table, const Chunk& live, std::size_t index) {
    std::memcpy(
        reinterpret_cast<std::byte*>(table.chunks[index].chunk) + table.layout.entities_offset,
        chunk_entities(&live), sizeof(Entity) * live.count);
}

Result<Done> convert_chunk(Parts& parts, const Conversion& how, const ChunkWay& way) {
    const ColumnTicks* const ticks = chunk_ticks(way.from);
    const std::uint32_t rows = way.from->count;
    for (std::size_t slot = 0; slot < way.before.size(); ++slot) {
        if (way.at != 0 && ticks[slot].written <= way.at) continue;
        const Column& before = way.before[slot];
        const Column& after = way.after[slot];
        std::byte* const source = column_row(way.from, before, 0);
        std::byte* const target = column_row(way.to, after, 0);
        const ComponentChange* const change = change_of(how.changes, before.component);
        if (change == nullptr) {
            if (before.bytes > 0) std::memcpy(target, source, std::size_t{before.bytes} * rows);
        } else if (way.in_place) {
            convert_rows(*change, source, target, rows, RestOfRow::stays);
        } else {
            auto done = convert(parts, how, *change, source, target, rows, [&](WayBack& back) {
                back.restore_rows(before.component, way.place, {chunk_entities(way.from), rows},
                                  target);
            });
            if (!done) return done;
        }
    }
    return Done{};
}

Result<Done> convert_sparse(Parts& parts, const Conversion& how, const ComponentChange& change,
                            std::byte* from, std::byte* to, std::size_t first,
                            std::span<const Entity> entities) {
    return convert(parts, how, change, from, to, entities.size(), [&](WayBack& back) {
        back.restore_sparse(change.component, first, entities, to);
    });
}

Result<Done> convert_resource(Parts& parts, const Conversion& how, const ComponentChange& change,
                              std::byte* from, std::byte* to) {
    return convert(parts, how, change, from, to, 1,
                   [&](WayBack& back) { back.restore_resource(change.component, to); });
}

// A lent chunk serves as long as its rows stand where they stood, and nobody's function is to run
// over what the last run of it has written.
bool is_behind(Parts& parts, const Conversion& how, const Archetype& from, OtherTable& table,
               std::size_t index) {
    if (index >= table.chunks.size()) table.chunks.resize(index + 1);
    OtherChunk& one = table.chunks[index];
    Chunk* const live = from.chunks[index];
    const ColumnTicks* const ticks = chunk_ticks(live);
    const auto written = [&](const auto& wanted) {
        for (std::size_t slot = 0; slot < from.columns.size(); ++slot) {
            if (ticks[slot].written > one.at && wanted(from.columns[slot])) return true;
        }
        return false;
    };
    const bool moved = parts.tables.moved_tick(*live) > one.at;
    if (one.lent && (moved || written([&](const Column& column) {
                         const auto* const change = change_of(how.changes, column.component);
                         return change != nullptr && change->convert != nullptr;
                     }))) {
        one = OtherChunk{};
    }
    if (one.chunk == nullptr) one.chunk = parts.tables.take_chunk(table.layout.chunk_bytes);
    if (one.at == 0 || moved) {
        one.at = 0;
        return true;
    }
    return written([](const Column&) { return true; });
}

}  // namespace gantry::ecs
