// backend.h: what the admin server asks of the host. The host implements it; tests bring a fake.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/core/result.h"

namespace gantry::admin {

struct HealthInfo {
    bool ok = true;       ///< false answers 503: draining, or a required plugin is down
    std::string state;    ///< "running", "draining", "stopping"
    std::string reason;   ///< why it is not ok
    std::string name;     ///< of the manifest
    std::string version;  ///< of the host
    std::uint64_t uptime_ms = 0;
    std::uint32_t shards = 0;
    std::uint32_t workers = 0;
    std::uint32_t worlds = 0;
    std::uint64_t sessions = 0;
};

struct PluginInfo {
    std::string name;
    std::string version;
    std::uint32_t generation = 0;     ///< grows with every swap in this process
    std::string state;                ///< "active", "probation", "draining", "failed", ...
    std::vector<std::string> facets;  ///< "world", "io", "host"
    std::string file;
    std::string build_id;
    bool required = false;
    std::int64_t since_unix_ms = 0;  ///< when this generation began to serve
    std::string error;               ///< the last thing that went wrong, or empty
};

/// A library that could be swapped in.
struct CandidateInfo {
    std::string name;
    std::string version;
    std::string file;
    std::string build_id;
    std::string error;  ///< why it cannot be taken, or empty
};

struct SwapStep {
    std::string name;  ///< "gate", "canary", "load", "prepare", "drain", "commit"
    double ms = 0;
};

enum class SwapOutcome : std::uint8_t { running, committed, refused, rolled_back, given_up };
const char* name_of(SwapOutcome outcome) noexcept;

struct SwapReport {
    std::uint64_t ticket = 0;
    std::string plugin;
    std::string from;  ///< "arena@1.0.0#1"
    std::string to;    ///< "arena@2.0.0#2"
    SwapOutcome outcome = SwapOutcome::running;
    std::string reason;  ///< one sentence; empty when committed
    std::vector<SwapStep> steps;
    std::vector<std::string> leftovers;  ///< what the old one still owned, by name
    std::int64_t at_unix_ms = 0;
};

/// Exactly one of `version` and `file` is set, or neither: then the newest candidate. A file tells
/// itself which plugin it is, where `plugin` is empty.
struct SwapRequest {
    std::string plugin;
    std::string version;
    std::string file;
};

struct WorldInfo {
    std::string name;
    std::uint32_t id = 0;
    std::uint32_t worker = 0;
    std::vector<std::string> plugins;  ///< "arena@1.0.0#1"
    std::uint64_t entities = 0;
    std::uint64_t sessions = 0;
    std::uint64_t tick = 0;
    double tick_hz = 0;
    double tick_ms_p50 = 0;
    double tick_ms_p99 = 0;
    std::uint64_t mailbox = 0;  ///< messages waiting
    std::string state;          ///< "running", "draining", "parked"
};

struct SessionInfo {
    std::uint64_t id = 0;
    std::string remote;
    std::string protocol;
    std::string listener;
    std::string world;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::int64_t since_unix_ms = 0;
};

struct RouteInfo {
    std::uint16_t message_id = 0;
    std::string name;   ///< of the message, or empty
    std::string owner;  ///< "arena@1.0.0#1"
    std::string place;  ///< the listener or world that it is routed in
};

/// In the order of gantry::SessionEventKind.
enum class EventKind : std::uint8_t { established, received, sent, error, closed };
const char* name_of(EventKind kind) noexcept;

struct SessionEvent {
    std::uint64_t number = 0;  ///< counts from 1 through the life of the process
    EventKind kind = EventKind::established;
    std::uint64_t session = 0;
    std::int64_t at_unix_ms = 0;
    std::uint16_t message_id = 0;  ///< of received and sent
    std::uint32_t bytes = 0;       ///< of received and sent
    std::string text;              ///< remote address, or the reason of closed and error
};

struct EventBatch {
    std::vector<SessionEvent> events;  ///< ordered by number, all greater than `after`
    std::uint64_t lost = 0;            ///< overwritten before they were read, of all kinds
    std::uint64_t upto = 0;            ///< ask on after this number
};

/// What the listeners together want recorded: nothing, the beginnings and ends of sessions, or
/// messages too, which costs the shards a lock a message.
enum class EventsWanted : std::uint8_t { none, life, messages };

using Labels = std::vector<std::pair<std::string, std::string>>;

struct MetricSample {
    Labels labels;
    double value = 0;
};

/// Counts per upper bound, not cumulated; `counts` has one more than `bounds` for +Inf.
struct MetricHistogram {
    Labels labels;
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;
    double sum = 0;
};

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct MetricFamily {
    std::string name;
    std::string help;
    MetricType type = MetricType::counter;
    std::vector<MetricSample> samples;
    std::vector<MetricHistogram> histograms;  ///< when type is histogram
};

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
    /// The latest swaps, newest first, running ones too; a finished one stays for a while.
    virtual std::vector<SwapReport> swaps() = 0;

    /// Session events after number `after`, at most `count_max`; received and sent only with
    /// `messages`.
    virtual EventBatch events(std::uint64_t after, std::size_t count_max, bool messages) = 0;
    /// The number of the latest event.
    virtual std::uint64_t last_event() = 0;
    /// Who listens from now on; the host may record nothing else.
    virtual void events_wanted(EventsWanted wanted) = 0;

    /// Begins the graceful shutdown and returns at once.
    virtual void stop() = 0;
};

}  // namespace gantry::admin
