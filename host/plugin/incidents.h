// Incident: a fault or a rollback, as it is told to those who ask next morning.
#pragma once
#include <string>
#include <vector>

#include "gantry/types.h"

namespace gantry::plugin {

struct Incident {
    std::string kind;    ///< "fault", "rollback"
    std::string plugin;  ///< "arena@2.0.0#3": who is to blame
    std::string what;    ///< one sentence
    std::string where;   ///< "handler on<Move> in world arena"; empty for a rollback by numbers
    std::vector<std::string> stack;
    std::string went_back_to;          ///< "arena@1.0.0#2", or empty: it was parked
    double live_ms = 0;                ///< from its commit to here; 0 when unknown
    std::vector<std::string> changes;  ///< what its swap had changed against the one before
    TimeNs at_wall = 0;
};

/// Keeps incidents; host/app writes them to files. [control]
class IncidentSink {
public:
    virtual ~IncidentSink() = default;
    virtual void incident(const Incident& incident) = 0;
};

}  // namespace gantry::plugin
