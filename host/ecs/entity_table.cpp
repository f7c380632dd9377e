#include "host/ecs/entity_table.h"

#include "host/core/assert.h"

namespace gantry::ecs {

std::uint32_t EntityTable::next_index() {
    if (free_ != none) {
        const std::uint32_t index = free_;
        free_ = records_[index].location;
        return index;
    }
    const std::uint32_t index = data_.record_count;
    if (index == records_.capacity()) {
        records_.reserve(std::size_t{index} + 1);
        data_.records = records_.data();
    }
    records_[index].generation = 0;
    ++data_.record_count;
    return index;
}

Entity EntityTable::take(std::uint32_t location) {
    GANTRY_ASSERT(alive_ < entities_max_);
    const std::uint32_t index = next_index();
    const std::uint32_t generation = ++records_[index].generation;  // even to odd: alive
    records_[index].location = location;
    ++alive_;
    return Entity{std::uint64_t{generation} << 32 | index};
}

void EntityTable::take_run(Entity* out, std::uint32_t count, std::uint32_t location) {
    for (std::uint32_t i = 0; i < count; ++i) out[i] = take(location + i);
}

void EntityTable::kill(std::uint32_t index) noexcept {
    EntityRecord& record = records_[index];
    GANTRY_ASSERT((record.generation & 1) != 0);
    --alive_;
    // An index whose generations are used up is never given again: old handles stay dead.
    if (++record.generation == 0) return;
    record.location = free_;
    free_ = index;
}

}  // namespace gantry::ecs
