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

struct OtherChunk {
    Chunk* chunk = nullptr;  ///< null until it is wanted
    std::uint64_t at = 0;    ///< the tick in which it was converted; 0 is never
    /// On the way back: it is the very chunk that the forward migration keeps, with its rows where
    /// they were; only what was written since has to be carried, over what is there.
    bool lent = false;
    bool in_place = false;  ///< it was, before the world took it
};

/// The other version of an archetype's chunks: the new one until exchange(), then the old one.
struct OtherTable {
    std::uint32_t archetype = 0;
    Archetype layout;                ///< columns, entries, offsets and sizes only
    std::uint32_t chunk_rows = 0;    ///< of the archetype, when the layout was made
    std::vector<OtherChunk> chunks;  ///< by index among the archetype's
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
    /// Components whose function has failed, which is told once; the values without it stay. Null:
    /// a failure ends the conversion.
    std::vector<ComponentId>* silent = nullptr;
};

/// What an exchange leaves for later.
struct Waiting {
    struct OfTable {
        std::uint32_t archetype;
        std::uint32_t index;
    };
    std::vector<OfTable> chunks;
    std::vector<ComponentId> sparse;
};

struct Migration::State {
    enum class Stage { prepared, committed, returning, returned, ended };

    /// The old layout made anew, beside the world.
    struct Return {
        Return(State& state, std::vector<ComponentChange> changes, Rest rest);
        void lend(const State& state);
        void take_lent(State& state);

        std::vector<ComponentChange> changes;  ///< reversed
        Rest rest;
        WayBack way;
        OtherWorld other;
        std::vector<ComponentId> silent;
        Conversion how;
    };

    Parts* parts = nullptr;
    MigrationPlan plan;
    CallOwner call;
    OtherWorld other;
    Stage stage = Stage::prepared;
    std::uint64_t committed_at = 0;       ///< every write since is later than this tick
    std::uint64_t committed_version = 0;  ///< Parts::layout_version then
    std::vector<ComponentId> silent;      ///< after the commit
    std::unique_ptr<Return> back;         ///< returning, returned
};

/// Converts rows of one pass over all that holds a changed component: what is not there yet, or has
/// been written since. True at the end of the pass. `rows_max` is passed by one chunk at most.
Result<bool> sweep(Parts& parts, const Conversion& how, OtherWorld& other, std::uint64_t rows_max);
/// The rest, for an exchange that follows at once: a whole pass, resources, marks. With `waiting`
/// rows are left for later, and listed there.
Result<Done> sweep_rest(Parts& parts, const Conversion& how, OtherWorld& other, Waiting* waiting);
/// The place of an archetype's chunks beside, laid out for the archetype as it is now.
OtherTable& table_for(Parts& parts, const std::vector<ComponentChange>& changes,
                      const Archetype& archetype, OtherWorld& other);
OtherTable* find_table(OtherWorld& other, std::uint32_t archetype) noexcept;
OtherSparse& sparse_for(Parts& parts, std::size_t change, OtherWorld& other);
/// Nothing has changed since its last run began.
bool is_as_it_was(const SparseSet& set, const OtherSparse& made);
/// Forgets what was made for a layout that is gone.
void begin_pass(Parts& parts, OtherWorld& other) noexcept;
bool is_touched(const Archetype& archetype, const std::vector<ComponentChange>& changes);
const ComponentChange* change_of(const std::vector<ComponentChange>& changes, ComponentId id);

/// Makes sure of the chunk beside at `index`. True when it lacks something that the live one has;
/// with at == 0, all of it.
bool is_behind(Parts& parts, const Conversion& how, const Archetype& from, OtherTable& table,
               std::size_t index);
/// Who the rows of the chunk beside at `index` are.
void copy_entities(const OtherTable& table, const Chunk& live, std::size_t index);
/// Columns of `from` written after `at` go to `to`, in whichever direction.
struct ChunkWay {
    Chunk* from = nullptr;
    const std::vector<Column>& before;
    Chunk* to = nullptr;
    const std::vector<Column>& after;
    WayBack::Place place;
    std::uint64_t at = 0;
    bool in_place = false;  ///< `to` has what was kept where it belongs
};
Result<Done> convert_chunk(Parts& parts, const Conversion& how, const ChunkWay& way);
/// `entities` are those of the rows, which begin at `first` in their sparse set.
Result<Done> convert_sparse(Parts& parts, const Conversion& how, const ComponentChange& change,
                            std::byte* from, std::byte* to, std::size_t first,
                            std::span<const Entity> entities);
Result<Done> convert_resource(Parts& parts, const Conversion& how, const ComponentChange& change,
                              std::byte* from, std::byte* to);
/// Of all chunks that a pass over the world will make, sizes of slabs.
std::vector<std::size_t> slabs_wanted(Parts& parts, const std::vector<ComponentChange>& changes);
/// `rows` at `from` become as many at `to`, moves first, then the function of the plugin.
Result<Done> convert_value(Parts& parts, const ComponentChange& change, const CallOwner& call,
                           std::byte* from, std::byte* to, std::size_t rows);
/// The plugin's function alone.
Result<Done> run_converter(Parts& parts, const ComponentChange& change, const CallOwner& call,
                           std::byte* from, std::byte* to, std::size_t rows);
/// The world takes the other memory and gives its own. Pointers only.
void exchange(Parts& parts, const std::vector<ComponentChange>& changes, OtherWorld& other);
/// After it: what was left comes when it is touched, or in the world's turns. All outlive that.
void bring_later(Parts& parts, const void* user, const Conversion& how, OtherWorld& other,
                 const Waiting& waiting);
void release_other(Parts& parts, OtherWorld& other) noexcept;
void release_chunk(Parts& parts, const OtherTable& table, OtherChunk& one) noexcept;

}  // namespace gantry::ecs
