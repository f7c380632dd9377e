// info.h: what the admin listener tells of a host, as plain data.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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
    std::vector<std::string> stuck{};  ///< calls of plugins that last too long, a sentence each
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
    std::string trial{};             ///< "arena@2.0.0#3": runs in these worlds; or empty
    std::vector<std::string> trial_worlds{};
    std::vector<std::string> trial_with{};  ///< plugins that came in one plan with it
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
    bool settled = false;                ///< the outcome stands, and the old library has left
    std::vector<std::string> notes{};    ///< what an operator should know of it
    std::vector<std::string> changes{};  ///< versions, build ids, layouts, routes
    std::int64_t ended_unix_ms = 0;      ///< when it came to this outcome; 0: it is under way
};

/// Exactly one of `version` and `file` is set, or neither: then the newest candidate. A file tells
/// itself which plugin it is, where `plugin` is empty.
struct PluginRequest {
    std::string plugin;
    std::string version;
    std::string file;
};

struct SwapRequest {
    std::vector<PluginRequest> plugins;  ///< several: all at once, or none
    std::string worlds;                  ///< only these at first: "5%" or "main,lobby"
    std::string sessions;                ///< new sessions that begin in these: "remote=10.0.0.0/8"
    bool promote = false;                ///< the other worlds follow by themselves
    bool settle = false;                 ///< a probation that is under way ends now
};

/// A generation of a plugin that is in memory, and what holds it there.
struct GenerationInfo {
    std::string label;  ///< "arena@1.0.0#1"
    std::string state;  ///< "serves", "parked", "trial", "predecessor", "leaving", "left behind"
    std::int64_t since_unix_ms = 0;
    std::vector<std::string> holds;  ///< one sentence each, tasks with file:line
};

struct IncidentInfo {
    std::int64_t at_unix_ms = 0;
    std::string kind;
    std::string plugin;
    std::string what;
    std::string where;
    std::string went_back_to;
    std::vector<std::string> with;  ///< "bots@2.0.0#2": came in one plan with it, and left with it
    std::vector<std::string> stack;
    std::string stack_note{};            ///< why there is none
    double live_ms = 0;                  ///< from its commit to this; 0 when unknown
    std::vector<std::string> changes{};  ///< what its swap had changed
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
    std::string state;          ///< "running", "draining", "stuck"
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

}  // namespace gantry::admin
