// version_diff: what a swap changed, one line each, for its report and for incident files.
#pragma once
#include <string>
#include <vector>

#include "host/plugin/library.h"
#include "host/session/io_room.h"
#include "host/world/swap.h"
#include "host/world/world.h"

namespace gantry::plugin {

/// "arena: version 1.0.0 -> 2.0.0", and the build ids, where they have some. `from` may be null.
std::vector<std::string> version_diff(const Library* from, const Library& to);

/// Makes `order` tell which routes its swap adds to the world and takes away. [world]
void note_routes(world::World& world, world::SwapOrder& order);
/// The same of a swap on a shard, which is `done` within the call. [io]
Result<route::FacetReport> add_noting_routes(session::IoRoom& shard,
                                             const std::vector<route::FacetOrder>& orders);

/// Each line once.
void append_new(std::vector<std::string>& to, const std::vector<std::string>& lines);

}  // namespace gantry::plugin
