// What a canary process does with a candidate: everything that a swap will, and the proof that it
// leaves again.
#pragma once
#include "host/core/result.h"
#include "host/plugin/canary.h"

namespace gantry::app {

/// Opens the incumbent and two copies of the candidate; of each facet makes, starts, restores,
/// saves, stops and destroys an instance; closes all and looks whether it is gone. Says each step
/// to the parent before it takes it, and a refusal at once, as a sentence that goes on from "in the
/// canary process". Whatever the candidate does to this process, it does.
Result<Done> try_candidate(const plugin::CanaryOrder& order);

}  // namespace gantry::app
