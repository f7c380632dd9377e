// PluginManager::Job: the swap that is under way.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/plugin/plugin_manager.h"

namespace gantry::plugin {

/// One of the plugins that are replaced.
struct PluginManager::JobPart {
    NextVersion next;
    std::unique_ptr<StagedLibrary> staged;  ///< until it is opened
    std::vector<FacetState> states;         ///< for the canary, as are these:
    std::vector<ecs::RowSample> rows;
    std::unique_ptr<CanaryRun> canary;
    std::shared_ptr<Library> library;
    PluginConfig config;
    bool joins = false;    ///< was not loaded: there is nothing that it replaces
    std::string replaces;  ///< who served when the swap began, by its label
    bool was_parked = false;
    std::uint64_t failures = 0;  ///< until it has committed everywhere
    Failure last_failure;
    VitalsList vitals;

    const std::string& plugin() const noexcept { return next.plugin; }
    const PluginDesc& desc() const { return staged ? staged->desc() : library->desc(); }
    const std::string& label() const { return staged ? staged->label() : library->label(); }
    const std::string& name() const { return staged ? staged->name() : library->name(); }
    const std::string& version() const { return staged ? staged->version() : library->version(); }
};

/// Worlds commit first, then shards, then the service: only new world code ever meets old shard and
/// service code, never the reverse.
struct PluginManager::Job {
    Request request;
    std::vector<JobPart> parts;  ///< each after those it depends on
    std::uint32_t waiting = 0;   ///< rooms that have not answered
    bool refused = false;
    std::string reason;
    std::vector<WorldId> worlds;       ///< that take part
    std::vector<WorldId> answered;     ///< of these, whose part has ended
    std::uint32_t reached = 0;         ///< of these, how many wait at the barrier
    TimeNs proceeded = 0;              ///< when they were told to go on; 0: not yet
    std::vector<WorldId> already;      ///< worlds that run it since its trial
    std::vector<std::string> changes;  ///< of component layouts; and of shards' routes
    std::vector<std::string> routes;   ///< of worlds, added and removed
    TimeNs pause_max = 0;
    TimeNs drain_max = 0;
    TimeNs prepare_max = 0;
    TimeNs convert_max = 0;
    TimeNs room_max = 0;  ///< of the shards, then of the service
    TimeNs began = 0;
    TimeNs states_asked = 0;
    TimeNs canary_began = 0;

    JobPart* find(std::string_view plugin) noexcept {
        for (JobPart& part : parts) {
            if (part.plugin() == plugin) return &part;
        }
        return nullptr;
    }
    void put_in_order();
    bool all_new() const {
        return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.joins; });
    }
    std::uint32_t probation_ms() const {
        std::uint32_t ms = 0;
        for (const JobPart& part : parts) ms = std::max(ms, part.config.probation_ms);
        return ms;
    }
    /// Why there will be no way back once it has committed; empty when there is one.
    std::string one_way() const;
    /// A version in its probation that has gone back while the candidate was looked at; empty:
    /// none.
    std::string gone_meanwhile(const std::map<std::string, Loaded, std::less<>>& loaded) const;
    /// What it changes against the versions that serve: see SwapReport::changes.
    std::vector<std::string> diff(const std::map<std::string, Loaded, std::less<>>& loaded) const;
    std::vector<std::string> names() const {
        std::vector<std::string> list;
        for (const JobPart& part : parts) list.push_back(part.plugin());
        return list;
    }
};

}  // namespace gantry::plugin
