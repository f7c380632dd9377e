// StageGraph: the systems of a world, in the order in which a tick runs them.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/types.h"
#include "host/core/clock.h"
#include "host/core/result.h"

namespace gantry::sched {

using OwnerId = std::uint32_t;

enum class Stage : std::uint8_t { receive, update, send, cleanup };
inline constexpr std::size_t stage_count = 4;
const char* stage_name(Stage stage) noexcept;

/// What a system is run with.
struct SystemRun {
    TimeNs now = 0;
    TimeNs step = 0;  ///< length of the tick
    std::uint64_t tick = 0;
};

using SystemCallback = void (*)(void* context, const SystemRun& run) noexcept;

struct SystemSpec {
    std::string name;  ///< unique in a graph: "arena.move"
    OwnerId owner = 0;
    Stage stage = Stage::update;
    std::vector<std::uint32_t> reads;  ///< components and resources, by id
    std::vector<std::uint32_t> writes;
    std::vector<std::string> before;  ///< names of systems; unknown ones are passed over
    std::vector<std::string> after;
    SystemCallback callback = nullptr;
    void* context = nullptr;
    bool exclusive = false;  ///< takes the instance or the whole world: alone in its batch
};

struct SystemStats {
    std::uint64_t runs = 0;
    TimeNs total_ns = 0;
    TimeNs last_ns = 0;
    TimeNs longest_ns = 0;
};

/// True when the two may not run at the same time.
bool conflicts(const SystemSpec& a, const SystemSpec& b) noexcept;

class StageGraph;

/// Runs the systems of a stage. `batches` hold indices for StageGraph::run_system; systems of one
/// batch do not conflict and may run at the same time, batches run one after the other.
struct StageExecutor {
    virtual void run(StageGraph& graph, std::span<const std::vector<std::uint32_t>> batches,
                     const SystemRun& run) = 0;

protected:
    ~StageExecutor() = default;
};

/// Changes to a graph, made beside it: taken whole by StageGraph::commit or not at all.
class StageEdit {
public:
    void add(SystemSpec system) { added_.push_back(std::move(system)); }
    void remove_owner(OwnerId owner) { removed_.push_back(owner); }

private:
    friend class StageGraph;
    std::vector<SystemSpec> added_;
    std::vector<OwnerId> removed_;
};

/// Order: stage, then before/after, then age. A system that takes the place of one with the same
/// name (replace_owner) keeps its age and counters. [world]
class StageGraph {
public:
    explicit StageGraph(const core::Clock& clock) noexcept : clock_{clock} {}
    StageGraph(const StageGraph&) = delete;
    StageGraph& operator=(const StageGraph&) = delete;

    /// `already_exists` for a name that is taken, naming both; `invalid` without callback;
    /// `refused` for a cycle, printed by name, or for an order against the stages. On any error the
    /// graph is what it was.
    Result<Done> commit(const StageEdit& edit);
    Result<Done> add(SystemSpec system);
    /// The systems of `from` go, `next` come, in one step.
    Result<Done> replace_owner(OwnerId from, std::vector<SystemSpec> next);
    /// How many went. Never fails: taking systems away makes no cycle.
    std::size_t remove_owner(OwnerId owner);

    /// Runs one stage, through `executor` or, when null, one system after the other in order().
    void run(Stage stage, const SystemRun& run, StageExecutor* executor = nullptr);
    void run_system(std::uint32_t index, const SystemRun& run);

    std::size_t size() const noexcept { return plan_.systems.size(); }
    std::size_t owned(OwnerId owner) const noexcept;
    const SystemSpec& system(std::uint32_t index) const { return plan_.systems[index].spec; }
    const SystemStats& stats(std::uint32_t index) const { return plan_.systems[index].stats; }
    /// Indices in the order of running.
    std::span<const std::uint32_t> order(Stage stage) const noexcept;
    std::span<const std::vector<std::uint32_t>> batches(Stage stage) const noexcept;
    /// Pairs in one stage that conflict and that neither before nor after puts in order: only their
    /// age does.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ambiguities() const;
    /// "arena.move: after physics.step" for each name in before or after that no system has.
    std::vector<std::string> unknown_names() const;

private:
    struct System {
        SystemSpec spec;
        SystemStats stats;
        std::vector<std::uint32_t> after;  // indices in the same stage
    };
    struct Plan {
        std::vector<System> systems;  // by age
        std::array<std::vector<std::uint32_t>, stage_count> order;
        std::array<std::vector<std::vector<std::uint32_t>>, stage_count> batches;
    };

    static Result<Plan> build(std::vector<System> systems);
    static Result<Done> connect(Plan& plan);
    static Result<Done> sort(Plan& plan, Stage stage);
    static void make_batches(Plan& plan, Stage stage);

    const core::Clock& clock_;
    Plan plan_;
    bool running_ = false;
};

}  // namespace gantry::sched
