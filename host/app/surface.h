// Surface: what a plugin registers when it is started, as far as others depend on it.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/core/owner.h"
#include "host/core/result.h"
#include "host/ecs/schema.h"
#include "host/ecs/world.h"
#include "host/route/interface_uses.h"

namespace gantry::app {

struct Surface {
    struct Route {
        std::uint32_t id = 0;
        std::string name;  ///< "on<game.Move>"
    };
    std::vector<Route> routes;  ///< of worlds and shards
    std::vector<ecs::Schema> components;
    std::vector<route::InterfaceUse> interfaces;
};

/// The components that `owner` uses in that world.
void add_components(const ecs::World& world, const core::Owner& owner, Surface& surface);

template <class Routes>
void add_routes(const Routes& routes, Surface& surface) {
    for (const auto& route : routes) surface.routes.push_back({route.id, route.name});
}

nlohmann::json use_json(const route::InterfaceUse& use);
route::InterfaceUse use_of(const nlohmann::json& json);

/// CBOR, from the canary process to its parent.
std::vector<std::byte> encode_surface(const Surface& surface);
Result<Surface> decode_surface(std::span<const std::byte> bytes);

}  // namespace gantry::app
