// Parts: what a World is made of; seen by the files of this folder only.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "host/ecs/command_buffer.h"
#include "host/ecs/component_table.h"
#include "host/ecs/entity_table.h"
#include "host/ecs/facade.h"
#include "host/ecs/limits.h"
#include "host/ecs/query.h"
#include "host/ecs/resource_store.h"
#include "host/ecs/sparse_set.h"
#include "host/ecs/table_store.h"
#include "host/ecs/unsettled.h"
#include "host/ecs/world.h"

namespace gantry::ecs {

/// A set of components as callers name it, with the archetype that it comes to.
struct KnownSet {
    std::array<ComponentId, query_terms_max> components{};
    std::uint32_t count = 0;
    Archetype* archetype = nullptr;
};

struct Parts {
    Parts(ComponentNames& names, const WorldLimits& wanted)
        : limits{wanted},
          components{names, wanted.components_max},
          entities{data, limits},
          queries{data, unsettled, wanted.queries_max},
          tables{data, entities, components, queries, unsettled, limits},
          sparse{data, unsettled, limits} {
        sparse.reserve_ids(data.component_count);
    }

    /// The archetype of a set that was asked for lately in the same order, else null.
    Archetype* known_archetype(std::span<const ComponentId> set) const noexcept;
    /// The archetype of the table components of `set`; its sparse ones apart.
    Result<Archetype*> archetype_for(std::span<const ComponentId> set,
                                     std::vector<ComponentId>* sparse_out);
    /// True inside a loop, counted: structure must not change.
    bool locked() noexcept;
    Status limit_met() noexcept {
        ++counters.limit_refusals;
        return Status::limit;
    }
    /// The entities get rows of default values in `archetype`, in which none of them is.
    void place(Archetype& archetype, const Entity* placed, std::uint32_t count);
    /// Out of the tables only; false when it was dead.
    bool destroy_one(Entity entity);
    /// Before a value is read or written: see Unsettled.
    void touch(Entity entity, const Component& known, ComponentId component);
    std::string label(OwnerId owner) const;
    Facade* facade(OwnerId owner) const noexcept;

    WorldLimits limits;
    EcsData data{ecs_layout_version, 0, nullptr, nullptr, nullptr, 1, 0, 0};
    Unsettled unsettled{data};
    WorldStats counters;
    ComponentTable components;
    EntityTable entities;
    QueryStore queries;
    TableStore tables;
    SparseStore sparse;
    ResourceStore resources;
    const core::RoomThread* thread = nullptr;
    World::Stray stray;
    std::vector<std::unique_ptr<Facade>> owners;  // in the order of opening
    std::uint64_t layout_version = 0;             // raised by each migration and rollback
    std::vector<std::uint32_t> locations;         // scratch of the bulk calls
    std::vector<Entity> batch;                    // of apply(), with their values and components
    std::vector<const std::byte*> batch_values;
    std::vector<ComponentId> batch_ids;
    std::vector<KnownSet> known_sets;  // a small cache, by hash
};

}  // namespace gantry::ecs
