// Migration::State: the memory that a migration holds beside the world.
#pragma once
#include <memory>
#include <vector>

#include "host/ecs/archetype.h"
#include "host/ecs/grow_array.h"
#include "host/ecs/migration.h"
#include "host/ecs/parts.h"
#include "host/ecs/way_back.h"

namespace gantry::ecs {

/// The other version of an archetype's chunks: the new one until exchange(), then the old one.
struct OtherTable {
    std::uint32_t archetype = 0;
    Archetype layout;               ///< columns, entries, offsets and sizes only
    std::uint32_t chunk_rows = 0;   ///< of the archetype, when the layout was made
    std::vector<Chunk*> chunks;     ///< by index among the archetype's
    std::vector<std::uint64_t> at;  ///< the tick in which each was converted
};

struct OtherSparse {
    OtherSparse(std::size_t which, const WorldLimits& limits) noexcept
        : change{which}, rows{*limits.pages, limits.huge_pages} {}

    std::size_t change;  ///< index among the changes
    GrowArray<std::byte> rows;
    bool running = false;          ///< a run over the set is not at its end
    std::uint32_t done = 0;        ///< rows of this run
    std::uint32_t pass = 0;        ///< in which the last run ended
    std::uint64_t at = 0;          ///< the tick in which the run began; 0 is never
    std::uint64_t version = 0;     ///< SparseSet::rows_version then
    std::vector<Entity> entities;  ///< whose rows they are; kept once they are the old ones
};

struct OtherResource {
    std::size_t change = 0;
    Lines value;
    std::uint32_t bytes = 0;
};

/// Everything that one set of changes touches, beside the world.
struct OtherWorld {
    std::vector<OtherTable> tables;  ///< by archetype
    std::vector<std::unique_ptr<OtherSparse>> sparse;
    std::vector<OtherResource> resources;
    std::uint64_t rows = 0;            ///< converted, again ones included
    std::uint64_t layout_version = 0;  ///< Parts::layout_version that it was begun with
    std::uint32_t next_archetype = 0;  ///< where the pass goes on
    std::uint32_t next_chunk = 0;
    std::uint64_t pass_rows = 0;
    std::uint32_t passes = 0;
};

/// How rows come from one layout to another.
struct Conversion {
    const std::vector<ComponentChange>& changes;
    const CallOwner& call;
    WayBack* back = nullptr;  ///< going back: what no move carries returns from there
};

struct Migration::State {
    enum class Stage { prepared, committed, returning, ended };

    /// The old layout made anew, beside the world.
    struct Return {
        Return(const State& state, std::vector<ComponentChange> changes);

        std::vector<ComponentChange> changes;  ///< reversed
        WayBack way;
        OtherWorld other;
    };

    Parts* parts = nullptr;
    MigrationPlan plan;
    CallOwner call;
    OtherWorld other;
    Stage stage = Stage::prepared;
    std::unique_ptr<Return> back;  ///< returning
};

/// Converts rows of one pass over all that holds a changed component: what is not there yet, or has
/// been written since. True at the end of the pass. `rows_max` is passed by one chunk at most.
Result<bool> sweep(Parts& parts, const Conversion& how, OtherWorld& other, std::uint64_t rows_max);
/// The rest, for an exchange that follows at once: a whole pass, resources, marks.
Result<Done> sweep_rest(Parts& parts, const Conversion& how, OtherWorld& other);
/// Of all chunks that a pass over the world will make, sizes of slabs.
std::vector<std::size_t> slabs_wanted(Parts& parts, const std::vector<ComponentChange>& changes);
/// `rows` at `from` become as many at `to`, moves first, then the function of the plugin.
Result<Done> convert(Parts& parts, const ComponentChange& change, const CallOwner& call,
                     std::byte* from, std::byte* to, std::size_t rows);
/// The plugin's function alone.
Result<Done> run_converter(Parts& parts, const ComponentChange& change, const CallOwner& call,
                           std::byte* from, std::byte* to, std::size_t rows);
/// The world takes the other memory and gives its own. Pointers only.
void exchange(Parts& parts, const std::vector<ComponentChange>& changes, OtherWorld& other);
void release_other(Parts& parts, OtherWorld& other) noexcept;

}  // namespace gantry::ecs
