// Canary: a throw-away process in which a candidate runs for the first time, so that what it breaks
// there breaks nothing here.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gantry/runtime.h"
#include "host/core/result.h"
#include "host/ecs/row_sample.h"
#include "host/plugin/interface_check.h"
#include "host/route/state_store.h"

namespace gantry::plugin {

/// What a facet of the incumbent saved just now: the candidate must be able to take it over.
struct FacetState {
    Facet facet = Facet::world;
    std::shared_ptr<route::StateStore> state;
};

/// A plugin that will run beside the candidate.
struct Neighbour {
    InterfaceSide side;
    std::string plan;  ///< the command that swaps both at once
};

struct CanaryOrder {
    std::string label;                ///< of the candidate: "arena@2.0.0#2"
    std::filesystem::path file;       ///< where it came from; begins the sentence of a refusal
    std::filesystem::path candidate;  ///< its private copy, which the host opens afterwards
    std::string incumbent_label;      ///< empty, with the next: there is none
    std::filesystem::path incumbent;  ///< the copy that the host has open
    std::string config = "{}";
    std::vector<std::string> environment;  ///< the host's, each as "NAME=value"
    std::vector<FacetState> states;
    std::vector<ecs::RowSample> rows;   ///< of the incumbent's components, in the world asked
    std::vector<Neighbour> neighbours;  ///< that share interfaces with others
    std::uint32_t limit_ms = 2000;      ///< after which it has failed
    bool gives_way = false;             ///< to everybody else on the processors
    std::filesystem::path surface;      ///< where it writes what the candidate registers, or empty
};

enum class CanaryOutcome : std::uint8_t {
    passed,
    refused,      ///< by a sentence of the process
    died,         ///< of a signal, or ended
    overran,      ///< its time, or what it may print
    unavailable,  ///< the process could not be started
};
inline constexpr std::size_t canary_outcomes = 5;
const char* canary_outcome_name(CanaryOutcome outcome) noexcept;

struct CanaryVerdict {
    CanaryOutcome outcome = CanaryOutcome::refused;
    std::string reason;  ///< one sentence, unless passed: what is wrong, and how to mend it
    std::vector<std::string> notes{};  ///< sentences on what could not be looked at
    TimeNs took = 0;

    bool passed() const noexcept { return outcome == CanaryOutcome::passed; }
};

/// How often one that runs is looked at: what it wrote is taken, and its time looked at.
inline constexpr TimeNs canary_look_every = 20 * ns_per_ms;

/// One trial. Destroying it ends the process. [control]
class CanaryRun {
public:
    virtual ~CanaryRun() = default;
    /// The verdict once there is one. Never blocks.
    virtual std::optional<CanaryVerdict> poll() = 0;
    /// Blocks until there may be one, for `duration_max` at most.
    virtual void wait(TimeNs duration_max) = 0;
    /// Readable when there may be one, for a thread that waits for more than that.
    virtual int descriptor() const noexcept = 0;
};

/// The plugin manager knows no more of it; host/app makes the process.
class Canary {
public:
    virtual ~Canary() = default;
    /// The error is the host's own trouble, not the candidate's. [control]
    virtual Result<std::unique_ptr<CanaryRun>> begin(const CanaryOrder& order) = 0;
};

}  // namespace gantry::plugin
