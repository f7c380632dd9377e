// What the plugin manager keeps of each plugin, and of each swap that waits.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/drop_folder.h"
#include "host/plugin/incidents.h"
#include "host/plugin/library.h"
#include "host/plugin/plugin_config.h"
#include "host/plugin/plugin_status.h"
#include "host/plugin/probation.h"
#include "host/session/session_rule.h"

namespace gantry::plugin {

/// A version that runs in some worlds beside the one that is loaded.
struct Trial {
    std::shared_ptr<Library> library;
    PluginConfig config;
    std::vector<WorldId> worlds;
    std::vector<std::string> partners;  ///< came in one plan, and go on or leave together
    VitalsList vitals;
    VitalsHistory history;
    std::optional<Probation> probation;
    TimeNs since_wall = 0;
    std::uint64_t failures = 0;
    Failure last_failure;
    std::uint64_t report = 0;
    std::filesystem::path file;
    TimeNs ends = 0;
    TimeNs waits_until = 0;  ///< for something to compare, before it is promoted by itself
    bool promote = false;
};

/// What a plugin is, or will be once the swap under way has committed; empty: not loaded.
struct Serving {
    std::string label;
    std::string version;
};

/// A plugin and the version of it that serves.
struct Loaded {
    PluginConfig config;
    std::shared_ptr<Library> library;
    std::shared_ptr<Library> previous;  ///< in probation
    PluginState state = PluginState::active;
    TimeNs since_wall = 0;
    TimeNs probation_ends = 0;
    std::uint64_t report = 0;
    std::string error;
    std::uint64_t failures = 0;
    Failure last_failure;
    std::uint64_t probation_failures = 0;
    std::optional<Probation> probation;
    VitalsList vitals;
    VitalsList previous_vitals;
    VitalsHistory history;
    VitalsHistory in_worlds;  ///< the same of its worlds alone, which is all that a trial has
    std::filesystem::path dropped_file;
    std::vector<std::string> partners;  ///< came in one swap, and go back or settle together
    TimeNs gone_since = 0;  ///< its file is absent since then, where that is to unload it
    bool told_why_it_stays = false;
    std::optional<Dropped> dropped_meanwhile;  ///< taken when the swap and its probation are over
    std::optional<Trial> trial;
};

/// All versions of it that serve somewhere, or may again; the first serves everywhere else.
inline std::vector<const Library*> versions_of(const Loaded& loaded) {
    std::vector<const Library*> list{loaded.library.get()};
    if (loaded.trial) list.push_back(loaded.trial->library.get());
    if (loaded.previous) list.push_back(loaded.previous.get());
    return list;
}

/// One plugin's next version.
struct NextVersion {
    std::string plugin;
    std::filesystem::path file;
    const PluginDesc* linked = nullptr;
};

/// A swap that was asked for.
struct Request {
    std::uint64_t ticket = 0;
    std::vector<NextVersion> plugins;              ///< several: all at once, or none
    std::vector<WorldId> worlds;                   ///< only these; empty: all
    std::optional<session::SessionRule> sessions;  ///< who begins in `worlds`
    bool promote = false;
    bool settle = false;
    std::uint64_t promotes = 0;  ///< the ticket of the trial that goes on to all worlds, or 0
};

/// A library whose last instance has not been destroyed yet.
struct Retiring {
    std::shared_ptr<Library> library;
    std::uint64_t ticket = 0;
    int tries = 0;
    TimeNs next_try = 0;
    bool forbidden = false;
    TimeNs since_wall = 0;  ///< it leaves
};

/// Of a version that its probation finds worse; `last` tells more where failures are why.
inline Incident incident_of(const Library& library, const Probation::Finding& finding,
                            const Failure& last) {
    if (finding.where.empty()) return exception_incident(library.label(), finding.what, last);
    return rollback_incident(library.label(), finding.what, finding.where);
}

/// Who it is and in what state; the rest is the caller's.
inline GenerationStatus status_of(const Library& library, const char* state) {
    GenerationStatus one;
    one.label = library.label();
    one.state = state;
    one.plugin = library.name();
    one.version = library.version();
    one.generation = library.generation();
    return one;
}

}  // namespace gantry::plugin
