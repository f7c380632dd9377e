// gantry/ecs/access.h: reaching one row without a call, over the plain data of gantry/ecs/data.h.
#pragma once
#include "gantry/ecs/data.h"

namespace gantry::detail {

constexpr std::uint32_t entity_index(Entity entity) noexcept {
    return static_cast<std::uint32_t>(entity.value);
}
constexpr std::uint32_t entity_generation(Entity entity) noexcept {
    return static_cast<std::uint32_t>(entity.value >> 32);
}

inline bool alive(const EcsData* world, Entity entity) noexcept {
    const std::uint32_t index = entity_index(entity);
    const std::uint32_t generation = entity_generation(entity);
    // Generations of the living are odd: a made-up handle never meets a free record.
    return index < world->record_count && world->records[index].generation == generation &&
           (generation & 1) != 0;
}

inline void mark_row(std::uint64_t* bits, std::uint32_t row) noexcept {
    bits[row >> 6] |= std::uint64_t{1} << (row & 63);
}

/// The value in table storage, or null. `row_bytes` is the component's size.
inline const std::byte* table_row(const EcsData* world, Entity entity, ComponentId component,
                                  std::size_t row_bytes) noexcept {
    if (!alive(world, entity)) return nullptr;
    const std::uint32_t location = world->records[entity_index(entity)].location;
    const ChunkEntry& chunk = world->chunks[location >> location_row_bits];
    const std::uint32_t offset = chunk.columns[component].offset;
    return offset == 0 ? nullptr : chunk.base + offset + row_bytes * (location & location_row_mask);
}

/// The same, marked as changed.
inline std::byte* table_row_mut(EcsData* world, Entity entity, ComponentId component,
                                std::size_t row_bytes) noexcept {
    if (!alive(world, entity)) return nullptr;
    const std::uint32_t location = world->records[entity_index(entity)].location;
    const ChunkEntry& chunk = world->chunks[location >> location_row_bits];
    const ColumnEntry column = chunk.columns[component];
    if (column.offset == 0) return nullptr;
    const std::uint32_t row = location & location_row_mask;
    chunk_ticks(reinterpret_cast<Chunk*>(chunk.base))[column.slot].written = world->tick;
    if (column.dirty_lines != 0) {
        mark_row(reinterpret_cast<std::uint64_t*>(chunk.base + column.dirty_lines * 64u), row);
    }
    return chunk.base + column.offset + row_bytes * row;
}

/// The row of an entity in a sparse set, or no_row.
inline std::uint32_t sparse_row(const SparseData* set, Entity entity) noexcept {
    const std::uint32_t index = entity_index(entity);
    const std::uint32_t page = index / sparse_page_rows;
    if (page >= set->page_count || set->pages[page] == nullptr) return no_row;
    const std::uint32_t row = set->pages[page][index % sparse_page_rows];
    return row != no_row && set->entities[row] == entity ? row : no_row;
}

/// Any component, sparse or not, by what is known of it at compile time.
template <bool Sparse>
const std::byte* find_row(const EcsData* world, Entity entity, ComponentId component,
                          std::size_t row_bytes) noexcept {
    if constexpr (!Sparse) {
        return table_row(world, entity, component, row_bytes);
    } else {
        const SparseData* set = world->sparse[component];
        const std::uint32_t row = sparse_row(set, entity);
        return row == no_row ? nullptr : set->rows + row_bytes * row;
    }
}

template <bool Sparse>
std::byte* find_row_mut(EcsData* world, Entity entity, ComponentId component,
                        std::size_t row_bytes) noexcept {
    if constexpr (!Sparse) {
        return table_row_mut(world, entity, component, row_bytes);
    } else {
        SparseData* set = world->sparse[component];
        const std::uint32_t row = sparse_row(set, entity);
        if (row == no_row) return nullptr;
        set->ticks.written = world->tick;
        if (set->dirty != nullptr) mark_row(set->dirty, row);
        return set->rows + row_bytes * row;
    }
}

/// While alive, structural calls are refused: the loop's columns would move under it.
class LoopGuard {
public:
    explicit LoopGuard(EcsData* world) noexcept : loops_{&world->loops} {
        __atomic_fetch_add(loops_, 1u, __ATOMIC_RELAXED);
    }
    ~LoopGuard() { __atomic_fetch_sub(loops_, 1u, __ATOMIC_RELAXED); }
    LoopGuard(const LoopGuard&) = delete;
    LoopGuard& operator=(const LoopGuard&) = delete;

private:
    std::uint32_t* loops_;
};

}  // namespace gantry::detail
