// bars_way_back: the sentence for what would take the room that a predecessor needs to come back.
#pragma once
#include <string>

#include "host/core/result.h"

namespace gantry::route {

/// `back` is the label of who could come back no more, `conflict` what it would meet then.
inline Error bars_way_back(const std::string& back, const Error& conflict) {
    return {conflict.status, "it would bar the way back to " + back +
                                 ", whose successor is in its probation: " + conflict.message +
                                 "; swap again once that has ended, or both in one plan"};
}

}  // namespace gantry::route
