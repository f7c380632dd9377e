#include "host/world/connection_component.h"

#include <cstring>

#include "gantry/connection.h"

namespace gantry::world {
namespace {

Connection value_of(const WorldSession& session, std::uint64_t messages_out) {
    Connection value;
    value.session = session.id.value;
    value.since = session.since;
    value.last_activity = session.last_activity;
    value.messages_in = session.messages_in;
    value.bytes_in = session.bytes_in;
    value.messages_out = messages_out;
    std::memcpy(value.remote, session.remote, sizeof value.remote);
    std::memcpy(value.protocol, session.protocol, sizeof value.protocol);
    return value;
}

}  // namespace

ComponentId register_connection(ecs::World& world) {
    return ComponentTraits<Connection>::with_desc([&](const ComponentDesc& desc) {
        const auto id = world.register_component(0, desc);
        GANTRY_ASSERT(id.has_value());
        return *id;
    });
}

Entity create_connection(ecs::World& world, ComponentId component, const WorldSession& session) {
    const auto entity = world.create({&component, 1});
    if (!entity) return {};  // a full world: the session is served without an entity of its own
    const Connection value = value_of(session, 0);
    std::memcpy(world.get_mut(*entity, component), &value, sizeof value);
    return *entity;
}

void update_connection(ecs::World& world, ComponentId component, const WorldSession& session,
                       std::uint64_t messages_out) {
    void* const place = world.get_mut(session.entity, component);
    if (place == nullptr) return;
    const Connection value = value_of(session, messages_out);
    std::memcpy(place, &value, sizeof value);
}

}  // namespace gantry::world
