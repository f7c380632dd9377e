// backend.h: what the admin server asks of the host. The host implements it; tests bring a fake.
#pragma once
#include <functional>
#include <optional>

#include "host/admin/info.h"
#include "host/core/result.h"

namespace gantry::admin {

/// Every call comes on [admin], the server's own thread, and must not wait for a room: answer from
/// a snapshot. What takes time (a swap) is started here and asked after.
class AdminBackend {
public:
    virtual ~AdminBackend() = default;

    virtual HealthInfo health() = 0;
    virtual std::vector<PluginInfo> plugins() = 0;
    virtual std::vector<CandidateInfo> candidates() = 0;
    virtual std::vector<WorldInfo> worlds() = 0;
    /// At most `count_max` of them, those with an id above `after`, by ascending id.
    virtual std::vector<SessionInfo> sessions(std::uint64_t after, std::size_t count_max) = 0;
    virtual std::vector<RouteInfo> routes() = 0;
    virtual std::vector<MetricFamily> metrics() = 0;

    /// Begins a swap; the value is its ticket. An error is a refusal before anything began.
    virtual Result<std::uint64_t> swap(const SwapRequest& request) = 0;
    /// A version that runs in some worlds only goes on to all, or leaves them again, with all that
    /// came in one plan; of abort() the labels of what leaves.
    virtual Result<std::uint64_t> promote(const std::string& plugin) = 0;
    virtual Result<std::vector<std::string>> abort(const std::string& plugin) = 0;
    /// Takes a plugin out; the label of what leaves.
    virtual Result<std::string> remove(const std::string& plugin) = 0;
    virtual std::vector<GenerationInfo> who() = 0;
    virtual std::vector<IncidentInfo> incidents() = 0;
    /// The latest swaps, newest first, running ones too; a finished one stays for a while.
    virtual std::vector<SwapReport> swaps() = 0;
    /// One of them, or nothing.
    virtual std::optional<SwapReport> swap_of(std::uint64_t ticket) = 0;

    /// Session events after number `after`, at most `count_max`; received and sent only with
    /// `messages`.
    virtual EventBatch events(std::uint64_t after, std::size_t count_max, bool messages) = 0;
    /// The number of the latest event.
    virtual std::uint64_t last_event() = 0;
    /// Who listens from now on; the host may record nothing else.
    virtual void events_wanted(EventsWanted wanted) = 0;

    /// Begins the graceful shutdown and returns at once.
    virtual void stop() = 0;

    /// `told` is called whenever swap_of() has another outcome, on any thread; nothing: nobody is.
    /// The one call that comes on the thread that starts and ends the server, for that.
    virtual void tell_ends_to(std::function<void()> told) = 0;
};

}  // namespace gantry::admin
