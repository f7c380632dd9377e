// SparseSet: a component kept apart from the tables, cheap to add and to remove.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "gantry/ecs/access.h"
#include "host/ecs/grow_array.h"
#include "host/ecs/limits.h"
#include "host/ecs/schema.h"
#include "host/ecs/unsettled.h"

namespace gantry::ecs {

/// Rows are dense; a removed row is filled with the last. [world]
class SparseSet {
public:
    SparseSet(ComponentId id, const Schema& schema, Unsettled& unsettled,
              const WorldLimits& limits);

    SparseData& data() noexcept { return data_; }
    const SparseData& data() const noexcept { return data_; }
    std::span<const Entity> entities() const noexcept { return {entities_.data(), data_.count}; }
    /// no_row when it has none.
    std::uint32_t row(Entity entity) const noexcept { return detail::sparse_row(&data_, entity); }
    std::byte* at(std::uint32_t row) noexcept {
        return data_.rows + std::size_t{data_.row_bytes} * row;
    }
    const std::byte* at(std::uint32_t row) const noexcept {
        return data_.rows + std::size_t{data_.row_bytes} * row;
    }

    /// The entity's row, made if it has none; a new one's content is undefined.
    std::uint32_t add(Entity entity);
    bool remove(Entity entity);
    /// The row was written at `tick`.
    void mark(std::uint32_t row, std::uint64_t tick) noexcept;
    /// Rows of another size from now on: `rows`, with room for capacity() of them, changes places
    /// with the present ones.
    void exchange_rows(GrowArray<std::byte>& rows, std::uint32_t row_bytes) noexcept;
    /// Whether rows that change are noted; what was noted is lost when this changes.
    void keep_dirty(bool keep);
    std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(entities_.size()); }
    /// Another number whenever a row has come or gone.
    std::uint64_t rows_version() const noexcept { return rows_version_; }
    std::uint64_t bytes() const noexcept;

private:
    void grow();

    ComponentId id_;
    Unsettled& unsettled_;
    SparseData data_{};
    std::vector<std::unique_ptr<std::uint32_t[]>> pages_;
    std::vector<std::uint32_t*> page_pointers_;
    std::vector<Entity> entities_;
    std::vector<std::uint64_t> dirty_;
    GrowArray<std::byte> rows_;
    std::uint64_t rows_version_ = 0;
    bool keeps_dirty_;
};

/// The sparse sets of a world, by component id. [world]
class SparseStore {
public:
    SparseStore(EcsData& data, Unsettled& unsettled, const WorldLimits& limits) noexcept
        : data_{data}, unsettled_{unsettled}, limits_{limits} {}

    void reserve_ids(std::uint32_t count);
    void add_component(ComponentId id, const Schema& schema);
    SparseSet* find(ComponentId id) noexcept {
        return id < sets_.size() ? sets_[id].get() : nullptr;
    }
    const SparseSet* find(ComponentId id) const noexcept {
        return id < sets_.size() ? sets_[id].get() : nullptr;
    }
    /// The entity dies: out of every set.
    void forget(Entity entity);
    void forget(std::span<const Entity> entities);
    std::span<const ComponentId> components() const noexcept { return used_; }
    std::uint64_t bytes() const noexcept;

private:
    EcsData& data_;
    Unsettled& unsettled_;
    std::vector<std::unique_ptr<SparseSet>> sets_;
    std::vector<SparseData*> datas_;
    std::vector<ComponentId> used_;
    const WorldLimits& limits_;
};

}  // namespace gantry::ecs
