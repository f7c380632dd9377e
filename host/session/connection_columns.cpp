#include "host/session/connection_columns.h"

#include <vector>

namespace gantry::session {
namespace {

ecs::WorldLimits limits_of(std::uint32_t connections_max) {
    ecs::WorldLimits limits;
    limits.entities_max = connections_max;
    limits.archetype_columns_max = ConnectionColumns::components_max;
    return limits;
}

}  // namespace

ConnectionColumns::ConnectionColumns(ecs::ComponentNames& names, SessionTable& sessions,
                                     std::uint32_t connections_max)
    : sessions_{sessions}, world_{names, limits_of(connections_max)} {}

Ecs& ConnectionColumns::open(ecs::OwnerId owner, const std::string& label,
                             std::span<const ecs::OwnerId> replaces) {
    constexpr ecs::OwnerId host = 0;  // in the place of those who have left
    std::vector<ecs::OwnerId> leaving{replaces.begin(), replaces.end()};
    leaving.push_back(host);
    return world_.open(owner, label, leaving);
}

void* ConnectionColumns::add(SessionId session, ComponentId component, const void* value) {
    Session* const found = sessions_.find(session);
    if (found == nullptr) return nullptr;
    if (!world_.valid(found->row)) {
        const auto row = world_.create();
        if (!row) return nullptr;
        found->row = *row;
    }
    return world_.add(found->row, component, value);
}

void* ConnectionColumns::get(SessionId session, ComponentId component) noexcept {
    const Session* const found = sessions_.find(session);
    return found != nullptr ? world_.get_mut(found->row, component) : nullptr;
}

bool ConnectionColumns::remove(SessionId session, ComponentId component) {
    const Session* const found = sessions_.find(session);
    if (found == nullptr || world_.get(found->row, component) == nullptr) return false;
    const auto removed = world_.remove(std::span{&found->row, 1}, component);
    return removed && *removed == 1;
}

void* ConnectionColumns::next(ComponentId component, SessionId& session) noexcept {
    while (const Session* const found = sessions_.after(session)) {
        session = found->id;
        if (void* const place = world_.get_mut(found->row, component)) return place;
    }
    return nullptr;
}

void ConnectionColumns::forget(const Session& session) noexcept {
    if (world_.valid(session.row)) (void)world_.destroy(std::span{&session.row, 1});
}

}  // namespace gantry::session
