// EntityTable: which handles are alive, and where their rows are.
#pragma once
#include "gantry/ecs/access.h"
#include "gantry/ecs/data.h"
#include "host/ecs/grow_array.h"
#include "host/ecs/limits.h"

namespace gantry::ecs {

/// Location 0 is limbo: alive, without a row yet. [world]
class EntityTable {
public:
    /// Keeps `data.records` and `data.record_count` current.
    EntityTable(EcsData& data, const WorldLimits& limits) noexcept
        : data_{data},
          entities_max_{limits.entities_max},
          records_{*limits.pages, limits.huge_pages} {}

    /// Entities that can still be made.
    std::uint64_t room() const noexcept { return entities_max_ - alive_; }
    std::uint64_t alive_count() const noexcept { return alive_; }
    std::uint64_t bytes() const noexcept { return records_.bytes(); }

    /// A new handle; the caller has checked room().
    Entity take(std::uint32_t location);
    /// `count` new handles, whose rows follow each other from `location` on.
    void take_run(Entity* out, std::uint32_t count, std::uint32_t location);
    /// The handle dies; its index will be used again under another generation.
    void kill(std::uint32_t index) noexcept;

    bool alive(Entity entity) const noexcept { return detail::alive(&data_, entity); }
    std::uint32_t location(Entity entity) const noexcept {
        return records_[index(entity)].location;
    }
    void set_location(Entity entity, std::uint32_t location) noexcept {
        records_[index(entity)].location = location;
    }
    /// True when `entity` lives, and lives in this row.
    bool lives_at(Entity entity, std::uint32_t location) const noexcept {
        const EntityRecord record = records_[index(entity)];
        return record.location == location &&
               record.generation == detail::entity_generation(entity);
    }
    void prefetch(Entity entity) const noexcept { __builtin_prefetch(&records_[index(entity)], 1); }

private:
    static std::uint32_t index(Entity entity) noexcept { return detail::entity_index(entity); }
    std::uint32_t next_index();

    static constexpr std::uint32_t none = 0xffffffffu;
    EcsData& data_;
    std::uint32_t entities_max_;
    std::uint32_t free_ = none;  // the last killed; free records are linked through `location`
    std::uint64_t alive_ = 0;
    GrowArray<EntityRecord> records_;
};

}  // namespace gantry::ecs
