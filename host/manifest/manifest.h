// manifest.h: what a host is made of, as plain data. Read from JSON (load.h) or built in C++.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gantry::manifest {

// Every default below stands in config/manifest.schema.json too; a unit test compares the two.

/// How a listener cuts the byte stream into frames (proto/README.md).
enum class Framing : std::uint8_t { gantry, u16le, u16be, u32le, u32be, line };

/// How connections of a listener are spread over the shards.
enum class Balance : std::uint8_t { kernel, round_robin, least, hash };

/// What the host does with a library that appears in the drop folder.
enum class OnDrop : std::uint8_t { load, stage, ignore };

/// What a swap does when the old instance is not idle in time.
enum class AtDeadline : std::uint8_t { give_up, cancel };

/// The word that stands in the manifest.
const char* name_of(Framing value) noexcept;
const char* name_of(Balance value) noexcept;
const char* name_of(OnDrop value) noexcept;
const char* name_of(AtDeadline value) noexcept;

/// What a fault (a segmentation fault, an endless loop) in a plugin's code does.
enum class OnFault : std::uint8_t { contain, die };
const char* name_of(OnFault value) noexcept;

struct Log {
    std::string level = "info";  ///< trace, debug, info, warn, error, off
    bool operator==(const Log&) const = default;
};

struct Limits {
    std::uint32_t connections_max = 10'000;        ///< of the process; more are refused and counted
    std::uint32_t receive_buffer_bytes = 262'144;  ///< one per shard, for all its connections
    std::uint32_t ring_messages = 8'192;           ///< each ring between a shard and a worker
    std::uint32_t mailbox_messages = 65'536;       ///< each world
    std::uint32_t credit_messages = 1'024;         ///< a connection's messages not yet handled
    std::uint32_t credit_bytes = 1'048'576;
    std::uint32_t unknown_ids_max = 64;  ///< a connection that sends more of these is closed
    std::uint32_t shutdown_ms = 5'000;   ///< from SIGTERM to the end of the process
    bool operator==(const Limits&) const = default;
};

/// Watermarks of one connection's outbound queue: above high the world is told to stop, at low to
/// go on, above max the connection is closed as a slow consumer.
struct Queue {
    std::uint32_t low_bytes = 65'536;
    std::uint32_t high_bytes = 262'144;
    std::uint32_t max_bytes = 4'194'304;
    bool operator==(const Queue&) const = default;
};

struct WebSocket {
    std::string path = "/";
    bool permessage_deflate = true;
    std::vector<std::string> origins;  ///< allowed Origin headers; empty allows all
    std::uint32_t ping_ms = 20'000;    ///< 0 sends none
    bool operator==(const WebSocket&) const = default;
};

struct Listener {
    std::string name;
    std::string transport = "tcp";  ///< tcp, ws, or the scheme of a plugin's transport
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: the system chooses; the ready line tells
    Framing framing = Framing::gantry;
    std::uint32_t payload_bytes_max = 65'535;  ///< fits every framing
    Balance balance = Balance::kernel;
    std::uint32_t backlog = 1'024;
    std::uint32_t handshake_ms = 5'000;  ///< from accept to the end of the transport's handshake
    std::uint32_t idle_ms = 60'000;      ///< silence after which a connection closes; 0 never
    Queue queue;
    WebSocket ws;                                ///< read when transport is "ws"
    std::string world;                           ///< new sessions join it; empty joins none
    std::vector<std::string> middleware;         ///< plugin names, the outermost first
    std::map<std::string, std::string> options;  ///< passed to a plugin's transport as it is
    bool operator==(const Listener&) const = default;
};

struct World {
    std::string name;
    std::vector<std::string> plugins;  ///< whose world facet it has, in order
    double tick_hz = 20;
    std::int32_t worker = -1;  ///< the worker it is pinned to; -1: the host chooses
    std::uint32_t catch_up_steps_max = 5;
    std::uint32_t entities_max = 2'000'000;
    bool operator==(const World&) const = default;
};

/// What brings the old version back during a probation, compared with how the old one did.
struct RollbackWhen {
    std::uint32_t failures = 3;
    std::uint32_t failed_percent = 5;     ///< of its messages, beyond the share before
    std::uint32_t tick_percent = 140;     ///< time of its systems per tick
    std::uint32_t handler_percent = 300;  ///< time per message
    std::uint32_t memory_growth_mb = 256;
    bool operator==(const RollbackWhen&) const = default;
};

struct Plugin {
    std::string name;
    std::string file;           ///< path of the library; empty: found in the drop folder by name
    std::string version_min;    ///< an older one is refused, whoever signed it; empty: none is
    bool required = true;       ///< false: the host starts without it and logs why
    std::string config = "{}";  ///< compact JSON, handed to the plugin
    std::uint32_t drain_ms = 2'000;
    std::uint32_t hold_ms = 500;
    AtDeadline at_deadline = AtDeadline::give_up;
    std::uint32_t probation_ms = 5'000;
    RollbackWhen rollback_when;
    OnFault on_fault = OnFault::contain;
    bool canary = true;  ///< candidates run in a throw-away process first
    std::uint32_t canary_ms = 2'000;
    bool operator==(const Plugin&) const = default;
};

struct Drop {
    std::string folder = "plugins";
    OnDrop on_drop = OnDrop::load;
    std::uint32_t unload_after_ms = 2'000;  ///< absence after which a removed library is unloaded
    bool operator==(const Drop&) const = default;
};

/// What a library must fulfil beside the host's own rules.
struct Gate {
    std::vector<std::string> allow_libraries;  ///< shared libraries that plugins may need
    bool require_signature = false;
    std::vector<std::string> keys;  ///< public Ed25519 keys, 64 hexadecimal digits each
    bool operator==(const Gate&) const = default;
};

/// Files below `folder` are served as `prefix`; without a token, for they hold no secrets.
struct WebRoot {
    std::string prefix = "/";
    std::string folder;
    bool operator==(const WebRoot&) const = default;
};

struct Admin {
    bool enabled = true;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string token;  ///< empty: a random one at each start
    std::vector<WebRoot> web_roots;
    bool operator==(const Admin&) const = default;
};

/// What is kept of faults and rollbacks, and when a call counts as stuck.
struct Incidents {
    std::string folder = "incidents";  ///< empty: no files
    std::uint32_t files_max = 100;     ///< the oldest goes
    /// A plugin's call that lasts longer is ended; work on the pool may last ten times as long.
    std::uint32_t stuck_ms = 2'000;
    bool operator==(const Incidents&) const = default;
};

struct Manifest {
    std::string name = "gantry";
    Log log;
    std::uint32_t shards = 0;                    ///< 0: one per processor that this process may use
    std::uint32_t workers = 0;                   ///< 0: the same
    std::vector<std::uint32_t> room_processors;  ///< where rooms run, and nothing else; empty: all
    Limits limits;
    std::vector<Listener> listeners;
    std::vector<World> worlds;
    std::vector<Plugin> plugins;
    Drop drop;
    Incidents incidents;
    Gate gate;
    Admin admin;
    bool operator==(const Manifest&) const = default;
};

/// Strict JSON that load() reads back to an equal Manifest. [any thread]
std::string to_json(const Manifest& manifest);

}  // namespace gantry::manifest
