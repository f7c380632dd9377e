// What all rooms are told of a plugin; nobody waits for their answer.
#pragma once
#include <functional>
#include <string>

#include "host/plugin/rooms.h"

namespace gantry::plugin {

/// Rooms that have committed its swap go back, with all that came in the same one; the others have
/// nothing to go back to. [control]
void tell_to_go_back(const Rooms& rooms, const std::string& plugin, const std::string& reason);
/// Its predecessors leave: there is no way back any more. [control]
void tell_to_settle(const Rooms& rooms, const std::string& plugin);
/// It leaves, and its predecessors with it. [control]
void tell_to_remove(const Rooms& rooms, const std::string& plugin);
void tell_shards(const Rooms& rooms, const std::function<void(session::IoRoom&)>& what);

}  // namespace gantry::plugin
