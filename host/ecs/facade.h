// Facade: a world as one owner sees it through gantry/ecs.h.
#pragma once
#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "gantry/ecs.h"
#include "host/core/result.h"
#include "host/ecs/command_buffer.h"
#include "host/ecs/limits.h"
#include "host/platform/lent.h"

namespace gantry::ecs {

class World;

/// Files what is registered under its owner, and says in the log why something was refused. [world]
class Facade final : public platform::Lent, public Ecs {
public:
    Facade(World& world, OwnerId owner, std::string label, std::span<const OwnerId> replaces)
        : Lent{"an interface of " + label},
          world_{world},
          owner_{owner},
          label_{std::move(label)},
          replaces_{replaces.begin(), replaces.end()},
          commands_{world} {}

    OwnerId owner() const noexcept { return owner_; }
    const std::string& label() const noexcept { return label_; }
    std::span<const OwnerId> replaces() const noexcept { return replaces_; }
    /// From now on a layout that differs is a disagreement, for nothing will migrate it any more.
    void took_over() noexcept { replaces_.clear(); }
    CommandBuffer& buffer() noexcept { return commands_; }

    Status register_component(const ComponentDesc* desc, ComponentId* out) noexcept override;
    ComponentId find_component(Str name) const noexcept override;
    EcsData* data() noexcept override;
    Status create_rows(const ComponentId* components, std::uint32_t component_count,
                       std::uint64_t wanted, ChunkCursor* rows) noexcept override;
    Entity create_entity(const ComponentId* components,
                         std::uint32_t component_count) noexcept override;
    bool valid(Entity entity) const noexcept override;
    Status destroy_entities(const Entity* entities, std::uint64_t count,
                            std::uint64_t* destroyed) noexcept override;
    void* add_component(Entity entity, ComponentId component, const void* value) noexcept override;
    Status add_components(const Entity* entities, std::uint64_t count, ComponentId component,
                          const void* values, std::uint32_t stride) noexcept override;
    Status remove_components(const Entity* entities, std::uint64_t count, ComponentId component,
                             std::uint64_t* removed) noexcept override;
    const void* get_component(Entity entity, ComponentId component) const noexcept override;
    void* get_component_mut(Entity entity, ComponentId component) noexcept override;
    Status open_query(const QueryTerm* terms, std::uint32_t term_count,
                      EcsQuery** out) noexcept override;
    void close_query(EcsQuery* query) noexcept override;
    std::uint64_t mark() noexcept override;
    void* set_resource(ComponentId resource, const void* value) noexcept override;
    const void* resource(ComponentId resource) const noexcept override;
    void* resource_mut(ComponentId resource) noexcept override;
    Status remove_resource(ComponentId resource) noexcept override;
    EcsCommands* commands() noexcept override { return &commands_; }
    Status flush_commands() noexcept override;

private:
    Status report(const Error& error) noexcept;
    /// See given.h.
    void look_at_values(ComponentId component, const void* values, std::uint64_t count,
                        std::uint32_t stride) const noexcept;
    /// False on a thread that is not the world's: then nothing may be touched. [any thread]
    bool at_home(const char* call) const noexcept;

    World& world_;
    OwnerId owner_;
    std::string label_;
    std::vector<OwnerId> replaces_;
    CommandBuffer commands_;
    mutable std::atomic<bool> strayed_{false};
    std::string last_reported_;  // said once, however often a plugin repeats itself
};

}  // namespace gantry::ecs
