// IncidentLog: a JSON file for every rollback and every fault, and the latest of them in memory.
#pragma once
#include <deque>
#include <filesystem>
#include <mutex>

#include "host/plugin/incidents.h"

namespace gantry::app {

/// One file each, "<time>-<plugin>-<kind>.json"; above `files_max` the oldest goes. A folder that
/// cannot be written is logged, and nothing else happens.
class IncidentLog final : public plugin::IncidentSink {
public:
    IncidentLog(std::filesystem::path folder, std::size_t files_max)
        : folder_{std::move(folder)}, files_max_{files_max} {}

    void incident(const plugin::Incident& incident) override;  ///< [control]
    /// Newest first. [any thread]
    std::vector<plugin::Incident> latest() const;
    std::uint64_t count() const;  ///< [any thread]

private:
    static constexpr std::size_t kept_max = 64;

    std::filesystem::path folder_;
    std::size_t files_max_;
    mutable std::mutex mutex_;
    std::deque<plugin::Incident> kept_;
    std::uint64_t count_ = 0;
};

}  // namespace gantry::app
