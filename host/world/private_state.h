// The private state of one plugin of a world, as it is now.
#pragma once
#include <memory>
#include <string_view>

#include "host/world/transfer.h"
#include "host/world/world.h"

namespace gantry::world {

/// What the plugin would hand over now; null when it has nothing to, or cannot. [world]
inline std::shared_ptr<route::StateStore> state_of(const World& world, std::string_view plugin) {
    for (const auto& instance : world.instances()) {
        if (instance->owner().plugin != plugin) continue;
        auto state = std::make_shared<route::StateStore>(instance->owner().label,
                                                         instance->state_bytes_max());
        return save_state(*instance, *state) == Saved::yes ? state : nullptr;
    }
    return nullptr;
}

}  // namespace gantry::world
