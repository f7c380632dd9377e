// CanaryRooms: the smallest host in which each facet of a plugin can live, inside of the canary
// process.
#pragma once
#include <memory>
#include <string>

#include "host/app/event_log.h"
#include "host/core/clock.h"
#include "host/ecs/component_names.h"
#include "host/route/service_room.h"
#include "host/route/surroundings.h"
#include "host/session/io_instance.h"
#include "host/session/io_room.h"
#include "host/world/world.h"

namespace gantry::app {

/// Nobody else is there: no other world, no other plugin, no pool. Time stands still.
class CanarySurroundings final : public route::Surroundings {
public:
    const core::Clock& clock() const noexcept override { return clock_; }
    WorldId find_world(std::string_view) noexcept override { return {}; }
    Status post_event(WorldId, std::string_view, Bytes) override { return Status::not_found; }
    Status offload(std::function<void()>, std::function<void()>, route::PostToRoom) override {
        return Status::limit;
    }
    void serve(const std::string&, route::ServedFunction) override {}
    Status call(const std::string&, std::string, std::string,
                std::function<void(Status, std::string)>, route::PostToRoom) override {
        return Status::not_found;
    }
    route::Transit& transit() noexcept override { return transit_; }
    void failed(const core::Owner&, std::string_view where, std::string_view what) override {
        failure_ = std::string{where} + ": " + std::string{what};
    }
    void faulted(const core::Owner&, const route::FaultReport&) override {}
    void protected_full(const core::Owner&) noexcept override {}
    void calls_full(std::string_view) noexcept override {}
    /// The last failure that was reported, and forgets it.
    std::string take_failure() { return std::exchange(failure_, {}); }

private:
    core::ManualClock clock_;
    route::Transit transit_;
    std::string failure_;
};

/// A real world with a real ECS, and nobody in it.
class CanaryWorld {
public:
    explicit CanaryWorld(route::Surroundings& surroundings)
        : outbox_{{}, 1024}, world_{config(), names_, surroundings, outbox_, drop} {}

    ecs::World& components() noexcept { return world_.entities(); }

    std::unique_ptr<world::WorldInstance> make(const route::FacetOrder& order, Plugin* plugin,
                                               std::span<const std::uint32_t> replaces) {
        world::InstanceOptions options;
        options.config = order.config;
        options.interfaces = order.interfaces;
        return std::make_unique<world::WorldInstance>(world_, order.owner, plugin, nullptr, options,
                                                      replaces);
    }

private:
    static world::WorldConfig config() {
        world::WorldConfig config;
        config.id = WorldId{1};
        config.name = "canary";
        return config;
    }
    static void drop(const std::function<void()>&) {}

    ecs::ComponentNames names_;
    world::Outbox outbox_;
    world::World world_;
};

/// A real shard without a listener.
class CanaryShard {
public:
    explicit CanaryShard(route::Surroundings& surroundings)
        : surroundings_{surroundings},
          events_{surroundings.clock()},
          room_{config(), surroundings, worlds_, {}, events_, names_},
          services_{surroundings, [](const auto&) {}, [](auto, const auto&) { return false; }} {}

    ecs::World& components() noexcept { return room_.columns().world(); }

    std::unique_ptr<session::IoInstance> make(const route::FacetOrder& order, Plugin* plugin,
                                              std::span<const std::uint32_t> replaces) {
        return std::make_unique<session::IoInstance>(order, plugin, surroundings_, services_, room_,
                                                     replaces);
    }

private:
    static session::IoRoomConfig config() {
        session::IoRoomConfig config;
        config.shard.connections_max = 1;
        config.shard.receive_buffer_bytes = 4096;
        return config;
    }

    route::Surroundings& surroundings_;
    EventLog events_;
    session::WorldDirectory worlds_;
    ecs::ComponentNames names_;
    session::IoRoom room_;
    route::RoomServices services_;
};

/// What a service's instance needs of its room.
class CanaryService {
public:
    explicit CanaryService(route::Surroundings& surroundings)
        : surroundings_{surroundings},
          services_{surroundings, [](const auto&) {}, [](auto, const auto&) { return false; }} {}

    std::unique_ptr<route::FacetInstance> make(const route::FacetOrder& order, Plugin* plugin) {
        return std::make_unique<route::FacetInstance>(order, plugin, surroundings_, services_);
    }

private:
    route::Surroundings& surroundings_;
    route::RoomServices services_;
};

}  // namespace gantry::app
