// A listener of the manifest in the words of the rooms that serve it.
#pragma once
#include "host/manifest/manifest.h"
#include "host/session/io_room.h"

namespace gantry::app {

/// All but the world, which only the host can name.
session::ListenerPlan listener_plan(const manifest::Listener& listener);

}  // namespace gantry::app
