// The way back: what the newer layout could not hold returns from the memory that was kept.
#include <algorithm>
#include <cstring>

#include "host/ecs/migration_state.h"
#include "host/ecs/way_back.h"

namespace gantry::ecs {
namespace {

constexpr std::size_t no_block = ~std::size_t{0};
// For the index: the first touch of a page of 2 MiB can take longer than a slice may.
constexpr bool small_pages = false;

void copy_kept(const ComponentChange& change, const std::byte* old_value, std::byte* value) {
    for (const ByteRange& range : change.kept) {
        std::memcpy(value + range.offset, old_value + range.offset, range.bytes);
    }
}

}  // namespace

WayBack::WayBack(const OtherWorld& old, const std::vector<ComponentChange>& forward,
                 const TableStore& tables, std::uint64_t since, const WorldLimits& limits,
                 std::uint32_t entity_indices)
    : old_{old},
      forward_{forward},
      tables_{tables},
      since_{since},
      rows_{*limits.pages, small_pages} {
    for (const OtherTable& table : old.tables) {
        const bool gives = std::any_of(forward.begin(), forward.end(), [&](const auto& change) {
            return !change.kept.empty() && table.layout.has(change.component);
        });
        if (!gives) continue;
        first_block_.resize(table.archetype + 1u, no_block);
        first_block_[table.archetype] = blocks_.size();
        for (std::size_t i = 0; i < table.chunks.size(); ++i) {
            blocks_.push_back({&table, table.chunks[i].chunk, i, false});
        }
    }
    if (!blocks_.empty()) rows_.reserve(entity_indices);
    for (const auto& kept : old.sparse) {
        if (forward[kept->change].kept.empty()) continue;
        sets_.push_back(std::make_unique<Set>(*kept, limits, small_pages));
        sets_.back()->row_of.reserve(entity_indices);
    }
}

std::uint64_t WayBack::index(std::uint64_t rows_max) {
    std::uint64_t looked = 0;
    for (std::size_t i = 0; i < blocks_.size() && looked < rows_max; ++i) {
        Block& block = blocks_[i];
        if (block.seen || !has_moved(block)) continue;
        block.seen = true;
        for (std::uint32_t row = 0; row < block.chunk->count; ++row) {
            rows_[detail::entity_index(chunk_entities(block.chunk)[row])] = {
                static_cast<std::uint32_t>(i), row};
        }
        looked += block.chunk->count;
    }
    for (const auto& set : sets_) {
        const auto& entities = set->rows->entities;
        for (; set->seen < entities.size() && looked < rows_max; ++set->seen, ++looked) {
            set->row_of[detail::entity_index(entities[set->seen])] =
                static_cast<std::uint32_t>(set->seen);
        }
    }
    return looked;
}

// A row that leaves its place, or comes to another one, marks both chunks.
bool WayBack::has_moved(const Block& block) const noexcept {
    if (block.chunk == nullptr) return false;
    const auto& now = tables_.archetypes()[block.table->archetype]->chunks;
    return block.index >= now.size() || tables_.moved_tick(*now[block.index]) > since_;
}

void WayBack::forget(std::uint32_t archetype, std::size_t chunk) noexcept {
    if (archetype >= first_block_.size() || first_block_[archetype] == no_block) return;
    blocks_[first_block_[archetype] + chunk].chunk = nullptr;
}

const ComponentChange* WayBack::change_of(ComponentId component) const noexcept {
    const auto found = std::find_if(forward_.begin(), forward_.end(), [&](const auto& change) {
        return change.component == component;
    });
    return found != forward_.end() && !found->kept.empty() ? &*found : nullptr;
}

// Where it is today; else where the index says.
const WayBack::Block* WayBack::find(Entity entity, const Place& place,
                                    std::uint32_t& row) const noexcept {
    const auto is_there = [&](std::size_t block, std::uint32_t at) {
        return block < blocks_.size() && blocks_[block].chunk != nullptr &&
               at < blocks_[block].chunk->count &&
               chunk_entities(blocks_[block].chunk)[at] == entity;
    };
    if (place.archetype < first_block_.size() && first_block_[place.archetype] != no_block) {
        const std::size_t block = first_block_[place.archetype] + place.chunk;
        if (is_there(block, row)) return &blocks_[block];
    }
    const std::uint32_t index = detail::entity_index(entity);
    if (index >= rows_.capacity()) return nullptr;
    const Row found = rows_[index];
    if (!is_there(found.block, found.row)) return nullptr;
    row = found.row;
    return &blocks_[found.block];
}

void WayBack::restore_rows(ComponentId component, const Place& place,
                           std::span<const Entity> entities, std::byte* to) const {
    const ComponentChange* const change = change_of(component);
    if (change == nullptr) return;
    for (std::size_t i = 0; i < entities.size(); ++i, to += change->before.size) {
        auto row = static_cast<std::uint32_t>(i);
        const Block* const block = find(entities[i], place, row);
        if (block == nullptr || !block->table->layout.has(component)) continue;
        const Archetype& layout = block->table->layout;
        copy_kept(*change,
                  column_row(block->chunk, layout.columns[layout.entries[component].slot], row),
                  to);
    }
}

void WayBack::restore_sparse(ComponentId component, std::size_t first,
                             std::span<const Entity> entities, std::byte* to) const {
    const ComponentChange* const change = change_of(component);
    if (change == nullptr) return;
    const auto set = std::find_if(sets_.begin(), sets_.end(), [&](const auto& one) {
        return forward_[one->rows->change].component == component;
    });
    if (set == sets_.end()) return;
    const auto& old = (*set)->rows->entities;
    for (std::size_t i = 0; i < entities.size(); ++i, to += change->before.size) {
        std::size_t row = first + i;
        if (row >= old.size() || old[row] != entities[i]) {
            const std::uint32_t index = detail::entity_index(entities[i]);
            if (index >= (*set)->row_of.capacity()) continue;
            row = (*set)->row_of[index];
            if (row >= old.size() || old[row] != entities[i]) continue;
        }
        copy_kept(*change, (*set)->rows->rows.data() + row * change->before.size, to);
    }
}

void WayBack::restore_resource(ComponentId component, std::byte* to) const {
    const ComponentChange* const change = change_of(component);
    if (change == nullptr) return;
    for (const OtherResource& kept : old_.resources) {
        if (&forward_[kept.change] == change) copy_kept(*change, kept.value.get(), to);
    }
}

}  // namespace gantry::ecs
