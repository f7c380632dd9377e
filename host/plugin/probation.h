// Probation: a new generation is compared with the one before it, and found worse or not.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gantry/types.h"
#include "host/route/vitals.h"

namespace gantry::plugin {

using VitalsList = std::vector<std::shared_ptr<route::Vitals>>;

/// What may be worse than before, and by how much. Shares and ratios need some traffic to mean
/// anything, of both versions: with less than `messages_min` messages, or without ticks, they are
/// not judged.
struct ProbationLimits {
    std::uint32_t failures_max = 3;        ///< more of them than the old one had would roll back
    double failed_share_max = 0.05;        ///< of the messages answered with an error, the same way
    double tick_ratio_max = 1.4;           ///< its systems' time per tick against the old one's
    double handler_ratio_max = 3.0;        ///< time per message against the old one's
    std::uint32_t memory_growth_mb = 256;  ///< of the whole process since the commit
};

/// All rooms of a generation together.
struct VitalsSum {
    std::uint64_t messages = 0;
    std::uint64_t failures = 0;
    std::uint64_t errors = 0;
    std::uint64_t handler_samples = 0;
    std::uint64_t handler_ns = 0;
    std::uint64_t ticks = 0;
    std::uint64_t tick_ns = 0;

    static VitalsSum of(const VitalsList& list);
    static VitalsSum of_worlds(const VitalsList& list);
    VitalsSum operator-(const VitalsSum& other) const noexcept;
};

/// The last looks at one generation: medians of them are what is compared.
class VitalsHistory {
public:
    static constexpr std::size_t looks_max = 50;
    static constexpr TimeNs look_every = 100 * ns_per_ms;

    void look(TimeNs now, const VitalsSum& sum);
    bool due(TimeNs now) const noexcept { return now - last_ >= look_every; }
    TimeNs next_due() const noexcept { return last_ + look_every; }

    static constexpr std::uint64_t messages_min = 50;
    static constexpr std::size_t looks_min = 8;  ///< a single slow one is the machine's

    struct Rates {
        double failures_per_s = 0;
        double failed_share = 0;  ///< of the messages: those answered with an error
        double tick_us = 0;       ///< median over the looks; 0: no ticks
        double handler_us = 0;    ///< the same
        std::uint64_t messages = 0;
        std::uint64_t ticks = 0;
        std::size_t looks = 0;

        bool has_messages() const noexcept { return messages >= messages_min; }
        bool has_looks() const noexcept { return looks >= looks_min; }
        /// Enough of both to tell whether the one is worse.
        bool comparable(const Rates& before) const noexcept {
            return has_looks() && before.has_looks() &&
                   ((has_messages() && before.has_messages()) || (ticks != 0 && before.ticks != 0));
        }
    };
    Rates rates() const;

private:
    struct Look {
        TimeNs took;
        VitalsSum change;
    };
    std::vector<Look> looks_;  // a ring
    std::size_t next_ = 0;
    VitalsSum before_;
    TimeNs last_ = 0;
};

/// From the commit of a generation to its end in one way or the other. [control]
class Probation {
public:
    Probation(const ProbationLimits& limits, VitalsHistory::Rates baseline,
              std::uint64_t resident_bytes, TimeNs began)
        : limits_{limits}, baseline_{baseline}, resident_bytes_{resident_bytes}, began_{began} {}

    /// Why a generation must go.
    struct Finding {
        std::string what;
        std::string where;  ///< "its handlers"; empty where single failures tell more
    };
    /// Nothing when it may stay. `history` is its own, `failures` are all since its commit.
    std::optional<Finding> judge(const VitalsHistory& history, std::uint64_t failures,
                                 std::uint64_t resident_bytes, TimeNs now) const;
    /// From now on against these: of a trial those of the old version, as it runs beside it.
    void compare_with(const VitalsHistory::Rates& baseline) noexcept { baseline_ = baseline; }
    const VitalsHistory::Rates& baseline() const noexcept { return baseline_; }
    TimeNs began() const noexcept { return began_; }

private:
    ProbationLimits limits_;
    VitalsHistory::Rates baseline_;
    std::uint64_t resident_bytes_;
    TimeNs began_;
};

}  // namespace gantry::plugin
