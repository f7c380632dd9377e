// Incident: a fault or a rollback, as it is told to those who ask next morning.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "gantry/types.h"

namespace gantry::plugin {

/// The last of what a plugin threw and its side of the boundary caught.
struct Failure {
    std::string text;   ///< one sentence with all of it
    std::string where;  ///< its handler or system
    std::vector<void*> frames;
};

struct Incident {
    std::string kind;                  ///< "fault", "rollback"
    std::string plugin;                ///< "arena@2.0.0#3": who is to blame
    std::string what;                  ///< one sentence
    std::string where;                 ///< "handler on<Move> in world arena"
    std::vector<void*> frames;         ///< while their code is mapped
    std::vector<std::string> stack;    ///< what they mean to people
    std::string stack_note;            ///< why there is none
    std::string went_back_to;          ///< "arena@1.0.0#2", or empty: it was parked, or left
    std::vector<std::string> with;     ///< what came in one plan with it, and left with it
    double live_ms = 0;                ///< from its commit to here; 0 when unknown
    std::vector<std::string> changes;  ///< what its swap had changed: see SwapReport::changes
    TimeNs at_wall = 0;
};

inline Incident rollback_incident(std::string plugin, std::string what, std::string where) {
    Incident incident;
    incident.kind = "rollback";
    incident.plugin = std::move(plugin);
    incident.what = std::move(what);
    incident.where = std::move(where);
    incident.stack_note = "nothing crashed";
    return incident;
}

/// After exceptions.
inline Incident exception_incident(std::string plugin, std::string what, const Failure& last) {
    Incident incident = rollback_incident(std::move(plugin), std::move(what), last.where);
    if (!last.text.empty()) incident.what += ", the last: " + last.text;
    incident.frames = last.frames;
    incident.stack_note =
        last.frames.empty() ? "the exception was thrown where nobody noted the stack" : "";
    return incident;
}

/// Why a plan of `count` plugins went back: names who is to blame, where it is one of several.
inline std::string reason_of_plan(const std::string& label, const std::string& what,
                                  std::size_t count) {
    return count == 1 || what.starts_with(label) ? what : label + ": " + what;
}

/// Keeps incidents; host/app writes them to files. [control]
class IncidentSink {
public:
    virtual ~IncidentSink() = default;
    virtual void incident(const Incident& incident) = 0;
};

}  // namespace gantry::plugin
