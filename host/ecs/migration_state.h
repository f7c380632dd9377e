// Migration::State: the memory that a migration holds beside the world.
#pragma once
#include <memory>
#include <vector>

#include "host/ecs/archetype.h"
#include "host/ecs/grow_array.h"
#include "host/ecs/migration.h"
#include "host/ecs/parts.h"

namespace gantry::ecs {

/// The other version of an archetype's chunks: the new one until exchange(), then the old one.
struct OtherTable {
    std::uint32_t archetype = 0;
    Archetype layout;  ///< columns, entries, offsets and sizes only
    std::vector<Chunk*> chunks;
};

struct OtherSparse {
    OtherSparse(std::size_t which, const WorldLimits& limits) noexcept
        : change{which}, rows{*limits.pages, limits.huge_pages} {}

    std::size_t change;  ///< index among the changes
    GrowArray<std::byte> rows;
    std::vector<Entity> entities;  ///< whose rows they are; kept once they are the old ones
};

struct OtherResource {
    std::size_t change = 0;
    Lines value;
    std::uint32_t bytes = 0;
};

/// Everything that one set of changes touches, built beside the world.
struct OtherWorld {
    std::vector<OtherTable> tables;
    std::vector<std::unique_ptr<OtherSparse>> sparse;
    std::vector<OtherResource> resources;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
};

struct Migration::State {
    enum class Stage { prepared, committed, ended };

    Parts* parts = nullptr;
    MigrationPlan plan;
    OtherWorld other;
    Stage stage = Stage::prepared;
    std::uint64_t structure_version = 0;
};

/// Converts all that holds a changed component into memory of its own. Nothing live is touched.
OtherWorld build_other(Parts& parts, const std::vector<ComponentChange>& changes);
/// Writes into `fresh` (built to go back) the dropped fields as `old` has them.
void restore_dropped(const OtherWorld& old, const std::vector<ComponentChange>& changes,
                     Parts& parts, OtherWorld& fresh);
/// The world takes the other memory and gives its own. Pointers only.
void exchange(Parts& parts, const std::vector<ComponentChange>& changes, OtherWorld& other);
void release_other(Parts& parts, OtherWorld& other) noexcept;

}  // namespace gantry::ecs
