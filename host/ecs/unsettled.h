// Unsettled: rows that have a new layout already, whose values still lie in the one before.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "gantry/ecs/data.h"

namespace gantry::ecs {

/// After a migration that was committed before it had brought all rows: which chunks and blocks of
/// sparse sets wait, and who brings their values: whoever touches them, or the world in its turns.
/// While anything waits EcsData::layout_version tells plugins to use the calls only. [world]
class Unsettled {
public:
    /// Bring the values of a chunk, which stands at `index` in its archetype, or of a block of a
    /// sparse set; called once for each. They answer how many rows that were.
    struct Bring {
        std::function<std::uint64_t(std::uint32_t chunk_id, std::uint32_t index)> chunk;
        std::function<std::uint64_t(ComponentId component, std::uint32_t block)> block;
    };
    static constexpr std::uint32_t block_rows = 4096;  ///< of a sparse set

    explicit Unsettled(EcsData& data) noexcept : data_{data} {}

    /// Only when nothing waits. `user` is whose they are: see is_of().
    void begin(const void* user, Bring bring);
    void add_chunk(const Chunk& chunk, std::uint32_t index);
    void add_sparse(ComponentId component, std::uint32_t rows);

    bool any() const noexcept { return left_ != 0; }
    bool is_of(const void* user) const noexcept { return left_ != 0 && user_ == user; }
    bool waits(const Chunk& chunk) const noexcept {
        return left_ != 0 && chunk.id < chunks_.size() && chunks_[chunk.id] != 0;
    }

    /// Before values of this chunk are read or written, or rows come, go or change places.
    void touch(const Chunk& chunk) {
        if (left_ != 0) [[unlikely]]
            bring_chunk(chunk.id);
    }
    void touch_row(ComponentId component, std::uint32_t row) {
        if (left_ != 0) [[unlikely]]
            bring_block(component, row / block_rows);
    }
    /// The chunk goes, and nobody wants its values.
    void forget(const Chunk& chunk) noexcept;
    /// Nobody wants any of them any more.
    void forget_all() noexcept;
    /// Brings about `rows_max` rows; false when nothing is left.
    bool settle(std::uint64_t rows_max);
    void settle_all() {
        while (settle(~std::uint64_t{0})) {
        }
    }

private:
    struct Blocks {  // of one sparse set
        ComponentId component = no_component;
        std::vector<bool> waits;
    };

    std::uint64_t bring_chunk(std::uint32_t id);
    std::uint64_t bring_block(ComponentId component, std::uint32_t block);
    void one_more() noexcept;
    void one_less() noexcept;

    EcsData& data_;
    const void* user_ = nullptr;
    Bring bring_;
    std::uint64_t left_ = 0;
    std::vector<std::uint32_t> chunks_;  // by id: its index in its archetype plus one; 0: settled
    std::vector<std::uint32_t> order_;   // ids, as they were added
    std::size_t next_ = 0;               // in it
    std::vector<Blocks> sparse_;
};

}  // namespace gantry::ecs
