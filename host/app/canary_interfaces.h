// What a candidate shares with the plugins beside it, looked at in the canary process.
#pragma once
#include <span>

#include "host/core/result.h"
#include "host/plugin/canary.h"

namespace gantry::app {

/// Refuses a candidate that means something else than its neighbours by an interface that they
/// share. What cannot be told is reported to the parent as a note.
Result<Done> check_interfaces(const plugin::InterfaceSide& candidate,
                              std::span<const plugin::Neighbour> neighbours);

}  // namespace gantry::app
