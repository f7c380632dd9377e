// WayBack: what an older layout held and a newer one cannot, found again by entity.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gantry/ecs/data.h"
#include "host/ecs/grow_array.h"
#include "host/ecs/limits.h"
#include "host/ecs/migration.h"

namespace gantry::ecs {

struct OtherSparse;
struct OtherTable;
struct OtherWorld;
class TableStore;

/// Reads the memory that a committed migration keeps. Rows that stand where they stood are found
/// without an index; for those of chunks in which rows have moved one is made first, in slices.
class WayBack {
public:
    /// `forward` are the changes that led here, at `since`. All outlive this. Entities have indices
    /// below `entity_indices`.
    WayBack(const OtherWorld& old, const std::vector<ComponentChange>& forward,
            const TableStore& tables, std::uint64_t since, const WorldLimits& limits,
            std::uint32_t entity_indices);

    /// Looks at about `rows_max` of the old rows; answers at how many. 0: all that have moved until
    /// now are known.
    std::uint64_t index(std::uint64_t rows_max);
    /// The world takes this old chunk back as it is: nothing of it is to be found here any more.
    void forget(std::uint32_t archetype, std::size_t chunk) noexcept;

    /// Where rows stand now: one chunk of an archetype.
    struct Place {
        std::uint32_t archetype = 0;
        std::size_t chunk = 0;
    };
    /// Writes into the rows at `to`, of the older layout, what these entities had.
    void restore_rows(ComponentId component, const Place& place, std::span<const Entity> entities,
                      std::byte* to) const;
    /// The same for a sparse set, whose rows from `first` on these are.
    void restore_sparse(ComponentId component, std::size_t first, std::span<const Entity> entities,
                        std::byte* to) const;
    void restore_resource(ComponentId component, std::byte* to) const;

private:
    struct Block {
        const OtherTable* table = nullptr;
        Chunk* chunk = nullptr;  ///< null once forgotten
        std::size_t index = 0;   ///< among those of its archetype
        bool seen = false;       ///< its rows are in the index
    };
    struct Row {
        std::uint32_t block = 0;
        std::uint32_t row = 0;
    };
    struct Set {
        Set(const OtherSparse& kept, const WorldLimits& limits, bool huge_pages) noexcept
            : rows{&kept}, row_of{*limits.pages, huge_pages} {}
        const OtherSparse* rows;
        GrowArray<std::uint32_t> row_of;
        std::size_t seen = 0;
    };

    bool has_moved(const Block& block) const noexcept;
    const ComponentChange* change_of(ComponentId component) const noexcept;
    const Block* find(Entity entity, const Place& place, std::uint32_t& row) const noexcept;

    const OtherWorld& old_;
    const std::vector<ComponentChange>& forward_;
    const TableStore& tables_;
    std::uint64_t since_;
    std::vector<Block> blocks_;             ///< of all tables that have something to give
    std::vector<std::size_t> first_block_;  ///< by archetype
    // By an entity's index; what was not written is told by what stands at the place it names.
    GrowArray<Row> rows_;
    std::vector<std::unique_ptr<Set>> sets_;
};

}  // namespace gantry::ecs
