// World: what a session brings along from another world, and takes along to it.
#include <algorithm>

#include "host/core/log.h"
#include "host/ecs/entity_image.h"
#include "host/world/call.h"
#include "host/world/world.h"

namespace gantry::world {
namespace {

/// Whose functions are in an image. They stay in memory until it has arrived, also when the version
/// itself has left meanwhile.
struct Sender {
    core::Owner owner;
    LibraryRef library;
    bool contained = false;
};

/// What travels with a session that moves.
struct Luggage {
    ecs::EntityImage image;
    std::vector<Sender> senders;
    std::uint64_t messages_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t messages_out = 0;

    const Sender* find(std::uint32_t owner) const noexcept {
        const auto found = std::find_if(senders.begin(), senders.end(),
                                        [&](const Sender& one) { return one.owner.id == owner; });
        return found != senders.end() ? &*found : nullptr;
    }
};

bool can_be_called(const WorldInstance* serving) noexcept {
    return serving != nullptr && !serving->parked();
}

/// It does not live here, so nothing of this world is parked by a fault: that counts as a failure.
bool call_sender(const Sender& sender, route::Surroundings& surroundings,
                 const std::function<void()>& body) {
    return route::guarded_call(sender.owner, sender.contained, core::CallKind::session, body,
                               [&](const platform::Fault& fault) {
                                   surroundings.failed(sender.owner, "down()",
                                                       platform::fault_kind_name(fault.kind));
                               });
}

}  // namespace

// Before the plugins hear that it goes: what they clean up then is still wanted there.
void World::pack(const WorldSession& session) {
    auto luggage = std::make_shared<Luggage>();
    luggage->image =
        ecs::image_of(ecs_, session.entity, {&connection_component_, 1},
                      [this](ecs::OwnerId owner) { return can_be_called(find_owner(owner)); });
    for (const auto& part : luggage->image.parts) {
        const std::uint32_t owner = part.convert.owner;
        if (owner == 0 || luggage->find(owner) != nullptr) continue;
        const WorldInstance& one = *find_owner(owner);
        luggage->senders.push_back({one.owner(), one.library(), one.contained()});
    }
    luggage->messages_in = session.messages_in;
    luggage->bytes_in = session.bytes_in;
    luggage->messages_out = sessions_.messages_out(session);
    surroundings_.transit().put(session.id, std::move(luggage));
}

// Before they hear that it has come.
void World::unpack(WorldSession& session) {
    const auto brought = surroundings_.transit().take(session.id);
    if (brought == nullptr) return;
    const auto& luggage = *static_cast<const Luggage*>(brought.get());
    session.messages_in = luggage.messages_in;
    session.bytes_in = luggage.bytes_in;
    session.messages_out = luggage.messages_out;
    const auto refused = ecs::put_image(
        ecs_, session.entity, luggage.image,
        [this](ecs::OwnerId owner) { return can_be_called(find_owner(owner)); },
        [this, &luggage](ecs::OwnerId owner, const std::function<void()>& body) {
            if (WorldInstance* const instance = find_owner(owner)) {
                return call_plugin(*instance, core::CallKind::session, "convert", body);
            }
            const Sender* const sender = luggage.find(owner);
            return sender != nullptr && call_sender(*sender, surroundings_, body);
        });
    counters_.components_left_behind += refused.size();
    for (const std::string& sentence : refused) {
        log::warn("a session that moved to world {} came without a component: {}", config_.name,
                  sentence);
    }
}

}  // namespace gantry::world
