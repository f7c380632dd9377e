// World: the archetype storage behind gantry/ecs.h: entities, components, queries, resources.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gantry/ecs.h"
#include "host/core/result.h"
#include "host/core/room_thread.h"
#include "host/ecs/component_names.h"
#include "host/ecs/limits.h"

namespace gantry::ecs {

class CommandBuffer;
class Migration;
class MigrationPlan;
struct Schema;
struct Parts;

/// Owned by one room and used on its thread only. Owners (plugin instances) reach it through the
/// interface that open() makes for them; the host uses the calls below. Structural calls are
/// refused while a loop runs (EcsData::loops). Nothing of a plugin's memory is kept but what is
/// filed under its owner and dropped by release_owner. [world]
class World {
public:
    /// `names` must outlive the world. An empty world costs a few KiB.
    explicit World(ComponentNames& names, const WorldLimits& limits = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// The thread that alone may call the interfaces of owners; `stray` is told once of each owner
    /// that calls from another one, on that thread. Both outlive the world, or its last caller.
    using Stray = std::function<void(OwnerId owner, const char* call)>;
    void runs_on(const core::RoomThread& thread, Stray stray);

    /// The interface of one owner, valid until release_owner. `label` names it in messages:
    /// "arena@1.0.0#3". With `replaces`, a component whose only users are among these may be
    /// registered with another layout: it is put aside, for plan_migration(owner).
    Ecs& open(OwnerId owner, std::string label, std::span<const OwnerId> replaces = {});
    /// The owner serves in place of those it replaces: a layout that it registers from now on has
    /// to be the one the world has.
    void took_over(OwnerId owner) noexcept;
    /// Drops the interface, the queries and the commands of an owner; components stay.
    void release_owner(OwnerId owner) noexcept;
    /// What release_owner would drop: registered components and open queries.
    std::size_t owned(OwnerId owner) const noexcept;

    Result<ComponentId> register_component(OwnerId owner, const ComponentDesc& desc);
    /// Null when this world does not know the id.
    const Schema* schema(ComponentId component) const noexcept;
    ComponentId find_component(std::string_view name) const noexcept;

    /// At most `wanted` rows with default values, in one chunk; see Ecs::create_rows.
    Status create_rows(std::span<const ComponentId> components, std::uint64_t wanted,
                       ChunkCursor& rows);
    Result<Entity> create(std::span<const ComponentId> components = {});
    /// A living handle without components, that a command's spawn will fill.
    Result<Entity> reserve();
    bool valid(Entity entity) const noexcept;
    /// How many were alive.
    Result<std::uint64_t> destroy(std::span<const Entity> entities);

    /// See Ecs::add_component; null with the reason counted.
    void* add(Entity entity, ComponentId component, const void* value = nullptr);
    Status add(std::span<const Entity> entities, ComponentId component, const void* values,
               std::uint32_t stride);
    Result<std::uint64_t> remove(std::span<const Entity> entities, ComponentId component);
    const void* get(Entity entity, ComponentId component) const noexcept;
    void* get_mut(Entity entity, ComponentId component) noexcept;

    /// Equal queries are one object; it lives until its last owner closed it.
    Result<EcsQuery*> open_query(OwnerId owner, std::span<const QueryTerm> terms);
    void close_query(OwnerId owner, EcsQuery* query) noexcept;

    void* set_resource(ComponentId resource, const void* value = nullptr);
    const void* resource(ComponentId resource) const noexcept;
    void* resource_mut(ComponentId resource) noexcept;
    bool remove_resource(ComponentId resource);

    /// The buffer of an owner (one is made for the host, owner 0, as needed).
    CommandBuffer& commands(OwnerId owner);
    /// A buffer of its own, for a parallel system.
    std::unique_ptr<CommandBuffer> make_commands();
    /// Applies in the order of recording and empties the buffer. `invalid` when the bytes make no
    /// sense: what came before is applied, the rest dropped.
    Status apply(CommandBuffer& buffer);
    /// Applies the buffers of all owners, in the order in which they were opened.
    Status apply_all();

    /// The current tick, and one later after it: every write from here on is after mark().
    std::uint64_t mark() noexcept;
    /// Appends the entities whose replicated component changed since the last call for it.
    /// `invalid` for a component that is not replicated.
    Status collect_changed(ComponentId component, std::vector<Entity>& out);

    /// How the layouts that staged owners registered come out of the present ones; empty when
    /// nothing changes. `refused` with both layouts when a field cannot be carried over, when a
    /// user that is not among `leaving` would be left on the old layout, or when two of the staged
    /// owners do not agree.
    Result<MigrationPlan> plan_migration(std::span<const OwnerId> staged) const;
    Result<MigrationPlan> plan_migration(OwnerId staged) const;
    Result<MigrationPlan> plan_migration(std::span<const ComponentDesc> next,
                                         std::span<const OwnerId> leaving) const;
    /// A migration that has not begun yet: see advance() and commit(). `call` is how it reaches
    /// functions of plugins; without one it calls them directly.
    Result<std::unique_ptr<Migration>> prepare(
        const MigrationPlan& plan,
        std::function<bool(OwnerId, const std::function<void()>&)> call = {});

    /// Converts about `rows_max` of the rows that wait for their new layout (Rest::on_touch). True
    /// when none waits any more.
    bool settle(std::uint64_t rows_max);
    void settle_all();
    bool settled() const noexcept;

    EcsData& data() noexcept;
    const EcsData& data() const noexcept;
    WorldStats stats() const noexcept;
    /// Equal for worlds with the same handles, components, values and resources, however stored.
    std::uint64_t hash() const;

    /// For the other files of this folder.
    Parts& parts() noexcept { return *parts_; }
    const Parts& parts() const noexcept { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace gantry::ecs
