// PluginStatus and ManagerSnapshot: what others may see of the plugin manager.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/plugin/canary.h"
#include "host/plugin/drop_folder.h"
#include "host/plugin/probation.h"
#include "host/plugin/swap_report.h"

namespace gantry::plugin {

enum class PluginState : std::uint8_t { active, swapping, probation, trial, failed };
const char* plugin_state_name(PluginState state) noexcept;

/// One plugin as the admin API shows it.
struct PluginStatus {
    std::string name;
    std::string version;
    std::uint32_t generation = 0;
    PluginState state = PluginState::active;
    std::vector<std::string> facets;
    std::string file;
    std::string build_id;
    bool required = false;
    TimeNs since_wall = 0;
    std::string error;
    std::uint64_t failures = 0;
    std::string trial;  ///< "arena@2.0.0#3": runs in some worlds beside this one; or empty
    std::vector<std::string> trial_worlds;
    std::vector<std::string> trial_with;  ///< plugins that came in one plan with it
};

struct ManagerCounters {
    std::uint64_t swaps_committed = 0;
    std::uint64_t swaps_refused = 0;
    std::uint64_t swaps_given_up = 0;
    std::uint64_t swaps_rolled_back = 0;
    std::uint64_t libraries_opened = 0;
    std::uint64_t libraries_unmapped = 0;
    std::uint64_t libraries_leaked = 0;
    std::uint64_t faults = 0;
    std::map<std::string, std::uint64_t> faults_of;         ///< by "arena@1.0.0#3"
    std::uint64_t ranges_reserved = 0;                      ///< now: where libraries were
    std::array<std::uint64_t, canary_outcomes> canaries{};  ///< by CanaryOutcome
};

/// A library that is in memory.
struct GenerationStatus {
    std::string label;
    std::string state;  ///< "serves", "parked", "trial", "predecessor", "leaving", "left behind"
    TimeNs since_wall = 0;
    std::string reason;  ///< why it could not leave, or with whom it is tried
    std::string plugin{};
    std::string version{};
    std::uint32_t generation = 0;
    VitalsSum vitals{};       ///< as of the snapshot; of who has left the rooms nothing
    VitalsList counted_in{};  ///< where they are read
    std::uint64_t faults = 0;
};

/// What the other threads may see; copied out whole. [any thread]
struct ManagerSnapshot {
    std::vector<GenerationStatus> generations;
    std::vector<PluginStatus> plugins;
    std::vector<Dropped> candidates;
    std::vector<std::shared_ptr<const SwapReport>> swaps;  ///< newest first
    ManagerCounters counters;
};

}  // namespace gantry::plugin
