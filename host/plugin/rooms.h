// Rooms: where plugins live, as the plugin manager reaches them: by work posted to their inboxes.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/route/service_room.h"
#include "host/session/io_room.h"
#include "host/world/worker.h"

namespace gantry::plugin {

/// A world and the worker it is on. The worker's thread alone touches the world itself.
struct WorldPlace {
    WorldId id;
    std::string name;
    std::uint32_t worker = 0;
    std::vector<std::string> plugins;  ///< the names the manifest lists

    bool names(std::string_view plugin) const noexcept {
        return std::find(plugins.begin(), plugins.end(), plugin) != plugins.end();
    }
};

struct Rooms {
    std::vector<session::IoRoom*> shards;
    std::vector<world::Worker*> workers;
    route::ServiceRoom* service = nullptr;
    std::vector<WorldPlace> worlds;
    /// Of these, those that stand still with a stuck thread, by their ids, and why. [control]
    std::map<std::uint32_t, std::string> stuck;
    /// Back to the manager's own room.
    route::PostToRoom control;

    /// Whether the plugin belongs there. One that no world names joins all of them: dropping a file
    /// is then all there is to do.
    bool lists(const WorldPlace& world, std::string_view plugin) const noexcept {
        return world.names(plugin) ||
               std::none_of(worlds.begin(), worlds.end(),
                            [plugin](const WorldPlace& one) { return one.names(plugin); });
    }
};

}  // namespace gantry::plugin
