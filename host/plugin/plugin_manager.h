// PluginManager: which libraries are loaded, and the swaps between them. The control room's work.
#pragma once
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/core/clock.h"
#include "host/core/result.h"
#include "host/plugin/canary.h"
#include "host/plugin/drop_folder.h"
#include "host/plugin/incidents.h"
#include "host/plugin/library.h"
#include "host/plugin/loaded.h"
#include "host/plugin/plugin_config.h"
#include "host/plugin/plugin_status.h"
#include "host/plugin/probation.h"
#include "host/plugin/rooms.h"
#include "host/plugin/swap_wish.h"

namespace gantry::plugin {

class PluginManager {
public:
    /// `canary` tries candidates before they are opened here, and outlives this; null: nobody does.
    PluginManager(Rooms& rooms, const core::Clock& clock, std::vector<PluginConfig> plugins,
                  DropConfig drop, GateRules rules = {}, Canary* canary = nullptr);
    ~PluginManager();
    PluginManager(const PluginManager&) = delete;
    PluginManager& operator=(const PluginManager&) = delete;

    /// Loads what the manifest names, in the order of their dependencies, before any room's thread
    /// runs. A required plugin that fails is the error; an optional one is logged. [control]
    Result<Done> boot();
    /// A plugin linked into this program takes part as if it were loaded; before boot(). For tests.
    void add_linked(const PluginDesc& desc) { linked_.push_back(&desc); }

    /// One turn: the drop folder, swaps under way, probations. [control]
    void poll(TimeNs now);
    TimeNs next_due() const noexcept;

    /// Begins to replace plugins at once, or to load a new one; the report's ticket. [control]
    Result<std::uint64_t> swap(const SwapWish& wish);
    /// What runs in some worlds goes on to all, or leaves them again, with its plan. [control]
    Result<std::uint64_t> promote(std::string_view plugin);
    Result<std::vector<std::string>> abort(std::string_view plugin);
    /// Takes a plugin out of all rooms; the label of what leaves. [control]
    Result<std::string> remove(std::string_view plugin);
    /// The same with plugins linked into this program. For tests.
    std::uint64_t swap_linked(std::span<const PluginDesc* const> descs);
    /// A plugin's code failed. [any thread]
    void failed(const core::Owner& owner, std::string_view where, std::string_view what);
    /// A fault in a plugin's code was left; it is parked in that room. [any thread]
    void faulted(const core::Owner& owner, const route::FaultReport& report);
    /// Who is told of faults and rollbacks; outlives this. [control]
    void tell_to(IncidentSink& sink) noexcept { sink_ = &sink; }
    /// Ends every probation at once: the predecessors leave. [control]
    void settle_all();
    bool busy() const noexcept { return job_ != nullptr || !queue_.empty() || !retiring_.empty(); }
    bool canaries_run() const noexcept;
    /// The turn before next_due() is due once one of these descriptors is readable. [control]
    std::vector<int> awaited() const;
    /// Called whenever a swap has ended and report_of() knows; nothing: nobody is. [control]
    void tell_ends_to(std::function<void()> told) { ends_told_ = std::move(told); }

    /// Whose an owner's number is, such as "arena@1.0.0#3". [control]
    std::string label_of(std::uint32_t owner) const;
    ManagerSnapshot snapshot() const;
    /// Of this swap, as of the snapshot; null: nothing is known of it. [any thread]
    std::shared_ptr<const SwapReport> report_of(std::uint64_t ticket) const;

private:
    struct Job;
    struct JobPart;
    Serving serving(std::string_view plugin) const;
    PluginConfig config_of(std::string_view plugin) const;
    core::Owner new_owner(const Library& library);
    world::InstanceOrder world_order(const std::shared_ptr<Library>& library,
                                     const PluginConfig& config);
    route::FacetOrder facet_order(const std::shared_ptr<Library>& library,
                                  const PluginConfig& config, Facet facet, std::uint32_t shard);

    // Boot and removal: rooms have no thread yet, or get it posted. [control]
    Result<std::unique_ptr<StagedLibrary>> stage(const std::filesystem::path& file);
    Result<std::shared_ptr<Library>> open(std::unique_ptr<StagedLibrary> staged);
    /// Gate, canary where the plugin is optional, and opening: before the rooms run.
    Result<std::shared_ptr<Library>> open_now(const std::filesystem::path& file,
                                              const PluginConfig& config);
    Result<std::vector<std::pair<PluginConfig, std::shared_ptr<Library>>>> open_all();
    Result<Done> check_dependencies(const PluginDesc& desc, const std::string& label) const;
    Result<Done> place_now(const std::shared_ptr<Library>& library, const PluginConfig& config);
    void remove_now(const std::string& plugin);

    // One swap at a time; the others wait. [control]
    std::uint64_t enqueue(Request request);
    Result<Done> narrow(Request& request, const SwapWish& wish) const;
    Result<NextVersion> next_version(const PluginWish& wish) const;
    Result<std::filesystem::path> file_of(std::string_view plugin, std::string_view version) const;
    void begin_next(TimeNs now);
    void begin_job(Request request);
    Result<Done> check_incumbent(const std::string& plugin);
    Result<Done> stage(JobPart& part);
    Result<Done> check_plan();
    Result<Done> check_dependents() const;
    void ask_states();
    void ask_states(const std::string& plugin);
    bool tries(const JobPart& part) const;
    void begin_canaries();
    void poll_canaries();
    CanaryOrder canary_order(const StagedLibrary& staged, const PluginConfig& config) const;
    void load_beside();
    // Its way through the rooms.
    bool takes_part(const WorldPlace& place, const JobPart& part) const;
    void swap_worlds();
    world::SwapOrder world_swap(const WorldPlace& place);
    void tell_worlds(const std::function<void(world::World&)>& what);
    void world_reached(std::uint64_t ticket);
    void look_at_barrier();
    TimeNs barrier_due() const noexcept;
    void give_up_barrier(const std::string& reason);
    void look_at_stuck();
    void world_done(const WorldPlace& place, world::SwapResult result);
    void swap_shards();
    void swap_service();
    std::vector<route::FacetOrder> facet_orders(Facet facet, std::uint32_t shard);
    /// Of a room that had one add(); `room` is static text.
    void room_done(const char* room, const Result<route::FacetReport>& added,
                   void (PluginManager::*next)());
    // Its end, and after.
    void commit_job();
    void commit_trial();
    void begin_promotion();
    Result<Loaded*> on_trial(std::string_view plugin);
    void end_trial(Loaded& first, Incident incident);
    void look_at_trial(Loaded& loaded, TimeNs now);
    void fail_job(SwapOutcome outcome, std::string reason);
    void roll_back(const Loaded& first, const std::string& what);
    void roll_back(const Loaded& loaded, Incident incident);
    void take_fault(const core::Owner& owner, const route::FaultReport& report);
    void tell(Incident incident);
    void begin_probation(Loaded& loaded, VitalsList vitals);
    void look_at_vitals(TimeNs now);
    void settle(const Loaded& first);
    void retire(std::shared_ptr<Library> library, std::uint64_t report);
    void retire(Retiring one);
    void left_behind(const Library& library, const std::string& reason);
    void reserve(const platform::CodeRange& range);
    void unload(const std::string& plugin);
    void handle_drops(TimeNs now);
    void take_changes(const DropFolder::Changes& changes, TimeNs now);
    void take_drop(const Dropped& dropped);
    void take_waiting_drops();
    void unload_absent(TimeNs now);
    /// Why a plugin may not be unloaded, or nothing.
    std::optional<std::string> needed_by(const std::string& plugin) const;
    SwapReport* report(std::uint64_t ticket);
    void end(SwapReport& report, SwapOutcome how);
    void step(std::uint64_t ticket, std::string name, TimeNs ns);
    std::vector<GenerationStatus> generations() const;
    void publish_snapshot();

    Rooms& rooms_;
    const core::Clock& clock_;
    std::vector<PluginConfig> configs_;
    DropConfig drop_config_;
    GateRules rules_;
    Canary* canary_;
    DropFolder drop_;
    std::filesystem::path private_folder_;
    std::vector<const PluginDesc*> linked_;
    std::map<std::string, Loaded, std::less<>> loaded_;
    std::map<std::string, std::uint32_t, std::less<>> generations_;
    std::deque<Request> queue_;
    std::unique_ptr<Job> job_;
    std::deque<std::shared_ptr<SwapReport>> reports_;
    std::vector<Retiring> retiring_;
    std::vector<std::shared_ptr<Library>> leaked_;  ///< could not leave; kept open for good
    std::deque<GenerationStatus> left_behind_;      ///< these, and what stayed though it was closed
    std::uint64_t next_ticket_ = 1;
    std::uint32_t next_owner_ = 1;
    std::map<std::uint32_t, std::string> owner_labels_;  ///< of libraries that are loaded
    TimeNs now_ = 0;
    ManagerCounters counters_;
    IncidentSink* sink_ = nullptr;
    std::deque<platform::CodeRange> reserved_;
    mutable std::mutex snapshot_mutex_;
    ManagerSnapshot snapshot_;
    bool snapshot_stale_ = false;  ///< by failures, which may come in storms
    bool swap_ended_ = false;      ///< since the last snapshot
    std::function<void()> ends_told_;
    static constexpr std::size_t queue_max = 64, reports_max = 64, left_behind_max = 64;
};

}  // namespace gantry::plugin
