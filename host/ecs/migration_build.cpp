// The memory work of a migration: rows converted, pointers exchanged, memory released.
#include <fmt/format.h>

#include <algorithm>

#include "host/core/assert.h"
#include "host/ecs/field_plan.h"
#include "host/ecs/migration_state.h"

namespace gantry::ecs {
namespace {

using Changes = std::vector<ComponentChange>;

std::vector<FieldDesc> describe(const Schema& schema) {
    std::vector<FieldDesc> fields(schema.fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Field& from = schema.fields[i];
        fields[i].name = from.name;
        fields[i].offset = from.offset;
        fields[i].count = from.count;
        fields[i].kind = from.kind;
    }
    return fields;
}

RowsView view_of(const Schema& schema, const std::vector<FieldDesc>& fields, std::byte* rows,
                 std::size_t count) {
    return {fields.data(), fields.size(), rows, count, schema.size, schema.version};
}

}  // namespace

Result<Done> run_converter(Parts& parts, const ComponentChange& change, const CallOwner& call,
                           std::byte* from, std::byte* to, std::size_t rows) {
    if (change.convert == nullptr || rows == 0 || change.before.size == 0 ||
        change.after.size == 0) {
        return Done{};
    }
    const OwnerId owner = change.converter_owner;
    const auto error = [&](std::string_view what) {
        return Error{Status::refused,
                     fmt::format("component {}: the function of {} from version {} "
                                 "to {} {}",
                                 change.before.name, parts.label(owner), change.before.version,
                                 change.after.version, what)};
    };
    if (owner != 0 && parts.components.find_converter(change.component, owner) == nullptr) {
        return error("has left");
    }
    const std::vector<FieldDesc> old_fields = describe(change.before);
    const std::vector<FieldDesc> new_fields = describe(change.after);
    const RowsView old_rows = view_of(change.before, old_fields, from, rows);
    const RowsView new_rows = view_of(change.after, new_fields, to, rows);
    const auto body = [&] { change.convert(&old_rows, &new_rows); };
    if (call == nullptr) {
        body();
    } else if (!call(owner, body)) {
        return error("did not return");
    }
    return Done{};
}

Result<Done> convert_value(Parts& parts, const ComponentChange& change, const CallOwner& call,
                           std::byte* from, std::byte* to, std::size_t rows) {
    convert_rows(change, from, to, rows);
    return run_converter(parts, change, call, from, to, rows);
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
            Chunk*& other_one = table.chunks[i].chunk;
            other_one = parts.tables.replace_chunk(archetype, i, other_one);
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
    ++parts.layout_version;
}

}  // namespace gantry::ecs
