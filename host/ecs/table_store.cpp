// Archetypes, their chunks and the tables that find them.
#include "host/ecs/table_store.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t first_chunk_rows = 32;
constexpr std::uint32_t chunk_growth = 4;
constexpr std::uint32_t ids_min = 16;
constexpr std::uint32_t chunk_ids_max = 1u << (32 - location_row_bits);

}  // namespace

TableStore::TableStore(EcsData& data, EntityTable& entities, ComponentTable& components,
                       QueryStore& queries, Unsettled& unsettled, const WorldLimits& limits)
    : data_{data},
      entities_{entities},
      components_{components},
      queries_{queries},
      unsettled_{unsettled},
      limits_{limits},
      arena_{*limits.pages, limits.huge_pages} {
    chunk_entries_.push_back({nullptr, nullptr});
    chunk_homes_.push_back({});
    reserve_ids(1);
    (void)archetype({});
}

TableStore::~TableStore() {
    for (const auto& archetype : archetypes_) {
        for (Chunk* chunk : archetype->chunks) give_chunk(chunk, archetype->chunk_bytes);
    }
}

void TableStore::reserve_ids(std::uint32_t count) {
    if (count <= limbo_.size()) return;
    const std::uint32_t room = std::bit_ceil(std::max(count, ids_min));
    limbo_.resize(room);
    chunk_entries_[0].columns = limbo_.data();
    for (const auto& archetype : archetypes_) {
        archetype->entries.resize(room);
        for (const Chunk* chunk : archetype->chunks) {
            chunk_entries_[chunk->id].columns = archetype->entries.data();
        }
    }
    data_.chunks = chunk_entries_.data();
    data_.component_count = room;
}

Archetype* TableStore::archetype(std::vector<ComponentId> components) {
    const auto found = by_components_.find(components);
    if (found != by_components_.end()) return found->second;
    if (archetypes_.size() >= limits_.archetypes_max ||
        components.size() > limits_.archetype_columns_max) {
        return nullptr;
    }
    Archetype* const made = make_archetype(components);
    by_components_.emplace(std::move(components), made);
    queries_.archetype_made(*made);
    return made;
}

Archetype* TableStore::make_archetype(const std::vector<ComponentId>& components) {
    auto made = std::make_unique<Archetype>();
    made->index = static_cast<std::uint32_t>(archetypes_.size());
    made->table.archetype = made->index;
    made->entries.resize(limbo_.size());
    for (const ComponentId id : components) {
        const Schema& schema = components_[id].schema;
        Column column;
        column.about = &components_[id];
        column.component = id;
        column.bytes = schema.size;
        column.keeps_dirty = schema.replicated;
        made->keeps_dirty |= column.keeps_dirty;
        made->columns.push_back(column);
    }
    made->chunk_rows_full = full_chunk_rows(*made, limits_.chunk_bytes);
    lay_out(*made, std::min(first_chunk_rows, made->chunk_rows_full), limits_.chunk_bytes);
    archetypes_.push_back(std::move(made));
    return archetypes_.back().get();
}

Edge* TableStore::edge(Archetype& from, ComponentId component) {
    if (component >= from.edges.size()) from.edges.resize(limbo_.size());
    std::unique_ptr<Edge>& slot = from.edges[component];
    if (slot != nullptr) return slot.get();

    std::vector<ComponentId> components;
    for (const Column& column : from.columns) {
        if (column.component != component) components.push_back(column.component);
    }
    if (!from.has(component)) {
        components.insert(std::lower_bound(components.begin(), components.end(), component),
                          component);
    }
    Archetype* const target = archetype(std::move(components));
    if (target == nullptr) return nullptr;
    slot = std::make_unique<Edge>();
    slot->target = target;
    for (std::uint16_t i = 0; i < from.columns.size(); ++i) {
        const Column& column = from.columns[i];
        if (!target->has(column.component)) continue;
        slot->copies.push_back({i, target->entries[column.component].slot});
        slot->carries_dirty |= column.keeps_dirty;
    }
    if (target->has(component)) slot->added_slot = target->entries[component].slot;
    return slot.get();
}

Chunk* TableStore::tail(Archetype& archetype, std::uint64_t wanted) {
    const bool alone = archetype.chunks.size() < 2;
    const std::uint32_t have = archetype.chunks.empty() ? 0 : archetype.chunks.back()->count;
    if (!archetype.chunks.empty() && have < archetype.chunk_rows) return archetype.chunks.back();
    const std::uint64_t rows_wanted =
        std::min<std::uint64_t>(have + wanted, archetype.chunk_rows_full);
    if (alone && archetype.chunk_rows < rows_wanted) {
        std::uint64_t rows = archetype.chunk_rows;
        while (rows < rows_wanted) rows *= chunk_growth;
        grow_only_chunk(archetype, static_cast<std::uint32_t>(
                                       std::min<std::uint64_t>(rows, archetype.chunk_rows_full)));
        if (!archetype.chunks.empty()) return archetype.chunks.back();
    }
    return push_chunk(archetype);
}

Chunk* TableStore::push_chunk(Archetype& archetype) {
    std::uint32_t id;
    if (free_chunk_ids_.empty()) {
        id = static_cast<std::uint32_t>(chunk_entries_.size());
        GANTRY_ASSERT(id < chunk_ids_max);
        chunk_entries_.push_back({});
        chunk_homes_.push_back({});
    } else {
        id = free_chunk_ids_.back();
        free_chunk_ids_.pop_back();
    }
    Chunk* const chunk = take_chunk(archetype.chunk_bytes);
    // The dirty bits lie between the head and the entities: all of it begins at zero.
    std::memset(static_cast<void*>(chunk), 0, archetype.entities_offset);
    chunk->archetype = archetype.index;
    chunk->id = id;
    chunk->entities_offset = archetype.entities_offset;
    chunk_entries_[id] = {reinterpret_cast<std::byte*>(chunk), archetype.entries.data()};
    chunk_homes_[id] = {&archetype, data_.tick};
    data_.chunks = chunk_entries_.data();
    archetype.chunks.push_back(chunk);
    archetype.table.chunks = archetype.chunks.data();
    archetype.table.chunk_count = static_cast<std::uint32_t>(archetype.chunks.size());
    ++chunk_count_;
    return chunk;
}

void TableStore::pop_chunk(Archetype& archetype) noexcept {
    Chunk* const chunk = archetype.chunks.back();
    unsettled_.forget(*chunk);
    archetype.chunks.pop_back();
    archetype.table.chunk_count = static_cast<std::uint32_t>(archetype.chunks.size());
    chunk_entries_[chunk->id] = chunk_entries_[0];
    chunk_homes_[chunk->id] = {};
    free_chunk_ids_.push_back(chunk->id);
    --chunk_count_;
    give_chunk(chunk, archetype.chunk_bytes);
    if (!archetype.chunks.empty() || archetype.chunk_rows <= first_chunk_rows) return;
    lay_out(archetype, std::min(first_chunk_rows, archetype.chunk_rows_full), limits_.chunk_bytes);
    layout_changed(archetype);
}

void TableStore::grow_only_chunk(Archetype& archetype, std::uint32_t rows) {
    if (!archetype.chunks.empty()) unsettled_.touch(*archetype.chunks.front());
    const std::vector<Column> old_columns = archetype.columns;
    const std::uint32_t old_bytes = archetype.chunk_bytes;
    const std::uint32_t old_words = dirty_words(archetype.chunk_rows);
    lay_out(archetype, rows, limits_.chunk_bytes);
    layout_changed(archetype);
    if (archetype.chunks.empty()) return;

    Chunk* const old = archetype.chunks.front();
    Chunk* const grown = take_chunk(archetype.chunk_bytes);
    std::memset(static_cast<void*>(grown), 0, archetype.entities_offset);
    std::memcpy(static_cast<void*>(grown), old,
                sizeof(Chunk) + sizeof(ColumnTicks) * old_columns.size());
    grown->entities_offset = archetype.entities_offset;
    std::memcpy(entity_column(grown), chunk_entities(old), sizeof(Entity) * old->count);
    for (std::size_t slot = 0; slot < old_columns.size(); ++slot) {
        const Column& from = old_columns[slot];
        const Column& to = archetype.columns[slot];
        std::memcpy(column_row(grown, to, 0), column_row(old, from, 0),
                    std::size_t{from.bytes} * old->count);
        if (from.keeps_dirty)
            std::memcpy(dirty_bits(grown, to), dirty_bits(old, from), 8 * old_words);
    }
    give_chunk(replace_chunk(archetype, 0, grown), old_bytes);
}

Chunk* TableStore::replace_chunk(Archetype& archetype, std::size_t index, Chunk* fresh) noexcept {
    Chunk* const old = archetype.chunks[index];
    archetype.chunks[index] = fresh;
    chunk_entries_[old->id].base = reinterpret_cast<std::byte*>(fresh);
    return old;
}

void TableStore::layout_changed(Archetype& archetype) {
    for (Query* query : archetype.queries) query->refresh(archetype);
}

void TableStore::refresh_edges() noexcept {
    for (const auto& archetype : archetypes_) {
        for (const auto& edge : archetype->edges) {
            if (edge == nullptr) continue;
            edge->carries_dirty = false;
            for (const Edge::Copy copy : edge->copies) {
                edge->carries_dirty |= archetype->columns[copy.from].keeps_dirty;
            }
        }
    }
}

std::uint64_t TableStore::bytes() const noexcept {
    std::uint64_t bytes = arena_.held_bytes() + chunk_entries_.capacity() * sizeof(ChunkEntry) +
                          chunk_homes_.capacity() * sizeof(ChunkHome);
    for (const auto& archetype : archetypes_) {
        bytes += sizeof(Archetype) + archetype->entries.capacity() * sizeof(ColumnEntry) +
                 archetype->edges.capacity() * sizeof(void*) +
                 archetype->columns.capacity() * sizeof(Column);
    }
    return bytes;
}

}  // namespace gantry::ecs
