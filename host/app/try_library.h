// The canary without a host: for the commands that look at libraries.
#pragma once
#include <string>

#include "host/app/surface.h"
#include "host/plugin/canary.h"
#include "host/plugin/gate.h"

namespace gantry::app {

/// Waits for it. The error is why it did not pass, or could not be tried.
Result<plugin::CanaryVerdict> try_library(const plugin::Candidate& candidate,
                                          const std::string& config);
/// The same, and what it registered.
Result<Surface> surface_of(const plugin::Candidate& candidate, const std::string& config);

}  // namespace gantry::app
