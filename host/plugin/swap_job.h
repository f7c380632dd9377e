// PluginManager::Job: the swap that is under way.
#pragma once
#include <memory>
#include <string>

#include "host/plugin/plugin_manager.h"

namespace gantry::plugin {

/// Worlds commit first, then shards, then the service: only new world code ever meets old shard and
/// service code, never the reverse.
struct PluginManager::Job {
    Request request;
    std::unique_ptr<StagedLibrary> staged;  ///< until it is opened
    std::vector<FacetState> states;         ///< for the canary
    std::unique_ptr<CanaryRun> canary;
    std::shared_ptr<Library> library;
    PluginConfig config;
    std::uint32_t waiting = 0;  ///< rooms that have not answered
    bool refused = false;
    bool was_parked = false;
    std::string reason;
    VitalsList vitals;
    std::vector<WorldId> already;  ///< worlds that run it since its trial
    std::vector<std::string> changes;
    TimeNs pause_max = 0;
    TimeNs drain_max = 0;
    TimeNs prepare_max = 0;
    TimeNs began = 0;
    TimeNs states_asked = 0;
    TimeNs canary_began = 0;
};

}  // namespace gantry::plugin
