// WorldDriver: does random things to a world and to a naive model of it, and compares the two.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/ecs/command_buffer.h"
#include "host/ecs/migration.h"
#include "host/ecs/world.h"
#include "tests/unit/ecs/model_values.h"

namespace gantry::test {

/// Where a driver's choices come from: a seeded generator, or a fuzzer's bytes.
struct Choices {
    virtual std::uint32_t below(std::uint32_t limit) = 0;

protected:
    ~Choices() = default;
};

/// Components of the driver that migrate, by index; all before `as_resource` go on entities.
inline constexpr std::uint32_t in_table = 7;
inline constexpr std::uint32_t in_sparse = 8;
inline constexpr std::uint32_t as_resource = 9;
inline constexpr std::uint32_t driver_owner = 1;

class WorldDriver {
public:
    WorldDriver(Choices& choices, const ecs::WorldLimits& limits);
    ~WorldDriver();

    void step();
    /// Compares everything. What is wrong is in error().
    void check();
    const std::string& error() const noexcept { return error_; }
    std::uint64_t hash() const { return world_.hash(); }

private:
    struct Modelled {
        std::map<std::uint32_t, Values> components;  // by index in layouts_
    };
    struct Kept {  // the model at the commit of a migration
        std::map<std::uint64_t, Modelled> entities;
        std::vector<Layout> layouts;
        Values resource;
    };

    void create_rows();
    void create_one();
    void spawn();
    void destroy();
    void add();
    void remove();
    void write();
    void collect();
    void check_query();
    void check_column(const ChunkCursor& cursor, std::size_t term, std::uint32_t row,
                      const QueryTerm& asked);
    void migrate();
    void advance_migration();
    void commit_migration();
    void end_migration();
    void check_stale();
    ecs::Rest rest();

    std::vector<Entity> pick(std::uint32_t count_max);
    std::vector<std::uint32_t> pick_components(bool table_only);
    Values random_values(const Layout& layout);
    void record(CommandOp op, ComponentId component, Entity entity,
                const std::vector<std::byte>& value);
    void apply();
    void wrong(const std::string& what);
    Modelled* find(Entity entity);
    void add_to_model(Entity entity, std::uint32_t component, const Values& values, bool overwrite);

    Choices& choices_;
    ecs::ComponentNames names_;
    ecs::World world_;
    std::vector<Layout> layouts_;
    std::vector<ComponentId> ids_;
    std::map<std::uint64_t, Modelled> model_;
    std::map<std::uint32_t, std::map<std::uint64_t, bool>> changed_;  // replicated, since collect
    Values resource_;
    std::vector<Entity> handles_;  // living and dead
    std::vector<EcsQuery*> queries_;
    std::vector<std::vector<QueryTerm>> query_terms_;
    std::unique_ptr<ecs::Migration> prepared_;  // not committed yet, for next_layouts_
    std::vector<Layout> next_layouts_;
    bool returning_ = false;  // migration_ is, in slices
    std::unique_ptr<ecs::Migration> migration_;
    std::unique_ptr<ecs::Migration> settling_;  // rolled back, and rows wait for it
    Kept kept_;
    std::string error_;
};

}  // namespace gantry::test
