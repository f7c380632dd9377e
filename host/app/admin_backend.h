// HostBackend: what the admin server is told of a running host.
#pragma once
#include "host/admin/backend.h"
#include "host/app/host.h"
#include "host/app/room_ports.h"

namespace gantry::app {

/// Rooms are asked by a note in their inbox and given 150 ms, none where the watchdog knows better
/// or an earlier question waits: one that is stuck leaves its part of the answer out, and the admin
/// server answers all the same. [admin]
class HostBackend final : public admin::AdminBackend {
public:
    explicit HostBackend(Host& host) : host_{host}, ports_{host} {}

    admin::HealthInfo health() override;
    std::vector<admin::PluginInfo> plugins() override;
    std::vector<admin::CandidateInfo> candidates() override;
    std::vector<admin::WorldInfo> worlds() override;
    std::vector<admin::SessionInfo> sessions(std::uint64_t after, std::size_t count_max) override;
    std::vector<admin::RouteInfo> routes() override;
    std::vector<admin::MetricFamily> metrics() override;
    Result<std::uint64_t> swap(const admin::SwapRequest& request) override;
    Result<std::uint64_t> promote(const std::string& plugin) override;
    Result<std::vector<std::string>> abort(const std::string& plugin) override;
    Result<std::string> remove(const std::string& plugin) override;
    std::vector<admin::GenerationInfo> who() override;
    std::vector<admin::IncidentInfo> incidents() override;
    std::vector<admin::SwapReport> swaps() override;
    std::optional<admin::SwapReport> swap_of(std::uint64_t ticket) override;
    admin::EventBatch events(std::uint64_t after, std::size_t count_max, bool messages) override;
    std::uint64_t last_event() override;
    void events_wanted(admin::EventsWanted wanted) override;
    void stop() override {
        stop_wanted_ = true;
        host_.wake_control();
    }
    void tell_ends_to(std::function<void()> told) override {
        host_.plugins().tell_ends_to(std::move(told));
    }

    /// True once somebody asked for the end. [control]
    bool stop_wanted() const noexcept { return stop_wanted_; }
    void set_stopping() noexcept { stopping_ = true; }

private:
    std::string world_name(WorldId id) const;

    Host& host_;
    RoomPorts ports_;
    std::atomic<bool> stop_wanted_{false};
    std::atomic<bool> stopping_{false};
};

}  // namespace gantry::app
