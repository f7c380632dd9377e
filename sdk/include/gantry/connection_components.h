// gantry/connection_components.h: "gantry.connection_components/1", what an io plugin keeps for
// each connection of its shard. gantry/cpp/connections.h is its comfort.
#pragma once
#include "gantry/ecs/desc.h"
#include "gantry/types.h"

namespace gantry {

/// Components on the connections of one shard, described like those of a world. The host owns them:
/// they outlive the instance, and are gone once a connection has closed and its layers and
/// followers were told. A layout that a successor describes differently in start() is migrated at
/// the swap, by the rules of worlds; on a rollback fields that had been dropped are back. All
/// plugins of the shard that describe a name share it, and must agree about its layout. A
/// connection goes by the session that it carries, as in all calls of a shard. One that is gone, or
/// on another shard, has nothing. A pointer to a component holds until the next add_component() or
/// remove_component() of any plugin on the shard, and no longer than the call that you are in.
/// Since ABI 1.4; asked for by an io facet. All calls [io].
struct ConnectionComponents {
    static constexpr const char* interface_id = "gantry.connection_components/1";

    /// Makes the component known on this shard and this instance its user. `limit` for more than
    /// 4096 bytes; `refused` when another user has it with another layout. The log says which.
    virtual Status register_component(const ComponentDesc* desc, ComponentId* out) noexcept = 0;
    /// The component's place, holding `*value`, or the default if it is new and `value` is null.
    /// Null when the connection is gone, the id unknown, or 64 components are on the connection.
    virtual void* add_component(SessionId session, ComponentId component,
                                const void* value) noexcept = 0;
    /// Null when the connection is gone or has none.
    virtual void* get_component(SessionId session, ComponentId component) noexcept = 0;
    /// `not_found` when the connection is gone or has none.
    virtual Status remove_component(SessionId session, ComponentId component) noexcept = 0;
    /// Of all connections that have the component, in an order of the host's, the next one after
    /// `*session`, which becomes that one's; from zero on the first. Null after the last. In
    /// between components may be added and removed, and connections closed.
    virtual void* next_component(ComponentId component, SessionId* session) noexcept = 0;

protected:
    ~ConnectionComponents() = default;
};

}  // namespace gantry
