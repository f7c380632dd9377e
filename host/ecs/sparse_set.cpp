#include "host/ecs/sparse_set.h"

#include <algorithm>

#include "host/core/assert.h"
#include "host/ecs/row_copy.h"

namespace gantry::ecs {
namespace {

constexpr std::size_t rows_min = 16;
constexpr std::uint64_t bit(std::uint32_t row) noexcept { return std::uint64_t{1} << (row & 63); }

}  // namespace

SparseSet::SparseSet(ComponentId id, const Schema& schema, Unsettled& unsettled,
                     const WorldLimits& limits)
    : id_{id},
      unsettled_{unsettled},
      rows_{*limits.pages, limits.huge_pages},
      keeps_dirty_{schema.replicated} {
    data_.row_bytes = schema.size;
    rows_.reserve(1);  // never null: a null row means "not there"
    data_.rows = rows_.data();
}

void SparseSet::grow() {
    const std::size_t room = std::max(rows_min, entities_.size() * 2);
    entities_.resize(room);
    rows_.reserve(std::max<std::size_t>(1, room * data_.row_bytes));
    if (keeps_dirty_) dirty_.resize((room + 63) / 64);
    data_.entities = entities_.data();
    data_.rows = rows_.data();
    data_.dirty = keeps_dirty_ ? dirty_.data() : nullptr;
}

std::uint32_t SparseSet::add(Entity entity) {
    const std::uint32_t index = detail::entity_index(entity);
    const std::uint32_t page = index / sparse_page_rows;
    if (page >= pages_.size()) {
        pages_.resize(std::size_t{page} + 1);
        page_pointers_.resize(pages_.size(), nullptr);
        data_.pages = page_pointers_.data();
        data_.page_count = static_cast<std::uint32_t>(pages_.size());
    }
    if (pages_[page] == nullptr) {
        pages_[page] = std::make_unique<std::uint32_t[]>(sparse_page_rows);
        std::fill_n(pages_[page].get(), sparse_page_rows, no_row);
        page_pointers_[page] = pages_[page].get();
    }
    std::uint32_t& row = pages_[page][index % sparse_page_rows];
    if (row != no_row) return row;
    unsettled_.touch_row(id_, data_.count);
    if (data_.count == entities_.size()) grow();
    ++rows_version_;
    row = data_.count++;
    entities_[row] = entity;
    return row;
}

bool SparseSet::remove(Entity entity) {
    const std::uint32_t removed = row(entity);
    if (removed == no_row) return false;
    unsettled_.touch_row(id_, removed);
    unsettled_.touch_row(id_, data_.count - 1);
    ++rows_version_;
    const std::uint32_t last = --data_.count;
    if (keeps_dirty_) {
        const bool last_dirty = (dirty_[last >> 6] & bit(last)) != 0;
        dirty_[last >> 6] &= ~bit(last);
        if (removed != last) {
            std::uint64_t& word = dirty_[removed >> 6];
            word = (word & ~bit(removed)) | (last_dirty ? bit(removed) : 0);
        }
    }
    const std::uint32_t index = detail::entity_index(entity);
    pages_[index / sparse_page_rows][index % sparse_page_rows] = no_row;
    if (removed == last) return true;
    copy_row(at(removed), at(last), data_.row_bytes);
    const Entity moved = entities_[last];
    entities_[removed] = moved;
    const std::uint32_t moved_index = detail::entity_index(moved);
    pages_[moved_index / sparse_page_rows][moved_index % sparse_page_rows] = removed;
    return true;
}

void SparseSet::mark(std::uint32_t row, std::uint64_t tick) noexcept {
    data_.ticks.written = tick;
    if (keeps_dirty_) dirty_[row >> 6] |= bit(row);
}

void SparseSet::exchange_rows(GrowArray<std::byte>& rows, std::uint32_t row_bytes) noexcept {
    GANTRY_ASSERT(rows.capacity() >= std::size_t{capacity()} * row_bytes);
    rows_.swap(rows);
    data_.rows = rows_.data();
    data_.row_bytes = row_bytes;
}

void SparseSet::keep_dirty(bool keep) {
    if (keep == keeps_dirty_) return;
    keeps_dirty_ = keep;
    dirty_.assign(keep ? (entities_.size() + 63) / 64 : 0, 0);
    data_.dirty = dirty_.empty() ? nullptr : dirty_.data();
}

std::uint64_t SparseSet::bytes() const noexcept {
    std::uint64_t bytes =
        rows_.bytes() + entities_.capacity() * sizeof(Entity) + dirty_.capacity() * 8;
    for (const auto& page : pages_) bytes += page ? sparse_page_rows * sizeof(std::uint32_t) : 0;
    return bytes;
}

void SparseStore::reserve_ids(std::uint32_t count) {
    if (count <= datas_.size()) return;
    sets_.resize(count);
    datas_.resize(count, nullptr);
    data_.sparse = datas_.data();
}

void SparseStore::add_component(ComponentId id, const Schema& schema) {
    GANTRY_ASSERT(id < sets_.size() && sets_[id] == nullptr);
    sets_[id] = std::make_unique<SparseSet>(id, schema, unsettled_, limits_);
    datas_[id] = &sets_[id]->data();
    used_.push_back(id);
}

void SparseStore::forget(Entity entity) {
    for (const ComponentId id : used_) (void)sets_[id]->remove(entity);
}

void SparseStore::forget(std::span<const Entity> entities) {
    for (const ComponentId id : used_) {
        if (sets_[id]->data().count == 0) continue;
        for (const Entity entity : entities) (void)sets_[id]->remove(entity);
    }
}

std::uint64_t SparseStore::bytes() const noexcept {
    std::uint64_t bytes = datas_.capacity() * 2 * sizeof(void*);
    for (const ComponentId id : used_) bytes += sets_[id]->bytes();
    return bytes;
}

}  // namespace gantry::ecs
