// ConnectionColumns: what plugins keep for each connection of a shard: components of an ECS world
// whose entities are the connections that have any.
#pragma once
#include <span>
#include <string>

#include "gantry/ecs.h"
#include "host/ecs/world.h"
#include "host/session/session_table.h"

namespace gantry::session {

/// What is given about connections that are gone is null. [io]
class ConnectionColumns {
public:
    static constexpr std::uint32_t component_bytes_max = 4096;
    static constexpr std::uint32_t components_max = 64;  ///< on one connection

    ConnectionColumns(ecs::ComponentNames& names, SessionTable& sessions,
                      std::uint32_t connections_max);

    /// For one instance, until release(). What those describe whom it `replaces` it may describe
    /// otherwise, and so what plugins have left behind that are gone.
    Ecs& open(ecs::OwnerId owner, const std::string& label, std::span<const ecs::OwnerId> replaces);
    void release(ecs::OwnerId owner) noexcept { world_.release_owner(owner); }

    void* add(SessionId session, ComponentId component, const void* value);
    void* get(SessionId session, ComponentId component) noexcept;
    bool remove(SessionId session, ComponentId component);
    /// See ConnectionComponents::next_component.
    void* next(ComponentId component, SessionId& session) noexcept;
    /// The connection has closed.
    void forget(const Session& session) noexcept;

    ecs::World& world() noexcept { return world_; }

private:
    SessionTable& sessions_;
    ecs::World world_;
};

}  // namespace gantry::session
