#include "host/manifest/read.h"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace gantry::manifest {
namespace {

using Kind = Node::Kind;

/// Each read() leaves `out` alone when the member is absent or of another kind: the schema check
/// has said so already, and the checks after it go on with the rest.
void read(const Node& object, std::string_view key, std::string& out) {
    if (const Node* const node = object.find(key); node && node->is(Kind::string) && !node->wrong) {
        out = node->text;
    }
}

void read(const Node& object, std::string_view key, bool& out) {
    if (const Node* const node = object.find(key); node && node->is(Kind::boolean))
        out = node->boolean;
}

void read(const Node& object, std::string_view key, double& out) {
    if (const Node* const node = object.find(key); node && node->is(Kind::number)) {
        out = std::strtod(node->text.c_str(), nullptr);
    }
}

template <class Integer>
requires std::numeric_limits<Integer>::is_integer void read(const Node& object,
                                                            std::string_view key, Integer& out) {
    const Node* const node = object.find(key);
    if (!node || !node->is(Kind::number)) return;
    Integer value{};
    const char* const end = node->text.data() + node->text.size();
    const auto [stop, error] = std::from_chars(node->text.data(), end, value);
    if (error == std::errc{} && stop == end) out = value;
}

void read(const Node& object, std::string_view key, std::vector<std::string>& out) {
    const Node* const node = object.find(key);
    if (!node) return;
    // An item of a wrong kind keeps its place, so that indexes go on to agree with the document.
    for (const Node& item : node->items)
        out.push_back(item.is(Kind::string) && !item.wrong ? item.text : "");
}

void read(const Node& object, std::string_view key, std::vector<std::uint32_t>& out) {
    const Node* const node = object.find(key);
    if (!node) return;
    for (const Node& item : node->items) {
        out.push_back(static_cast<std::uint32_t>(std::strtoul(item.text.c_str(), nullptr, 10)));
    }
}

template <class Enum>
void read_enum(const Node& object, std::string_view key, std::initializer_list<Enum> values,
               Enum& out) {
    std::string word;
    read(object, key, word);
    for (const Enum value : values) {
        if (word == name_of(value)) out = value;
    }
}

template <class Read>
void each(const Node& object, std::string_view key, Read&& item) {
    if (const Node* const node = object.find(key)) {
        for (const Node& entry : node->items) item(entry);
    }
}

template <class Read>
void inside(const Node& object, std::string_view key, Read&& member) {
    if (const Node* const node = object.find(key)) member(*node);
}

Limits read_limits(const Node& node) {
    Limits out;
    read(node, "connections_max", out.connections_max);
    read(node, "receive_buffer_bytes", out.receive_buffer_bytes);
    read(node, "ring_messages", out.ring_messages);
    read(node, "mailbox_messages", out.mailbox_messages);
    read(node, "credit_messages", out.credit_messages);
    read(node, "credit_bytes", out.credit_bytes);
    read(node, "unknown_ids_max", out.unknown_ids_max);
    read(node, "shutdown_ms", out.shutdown_ms);
    return out;
}

Queue read_queue(const Node& node) {
    Queue out;
    read(node, "low_bytes", out.low_bytes);
    read(node, "high_bytes", out.high_bytes);
    read(node, "max_bytes", out.max_bytes);
    return out;
}

WebSocket read_ws(const Node& node) {
    WebSocket out;
    read(node, "path", out.path);
    read(node, "permessage_deflate", out.permessage_deflate);
    read(node, "origins", out.origins);
    read(node, "ping_ms", out.ping_ms);
    return out;
}

Listener read_listener(const Node& node) {
    Listener out;
    read(node, "name", out.name);
    read(node, "transport", out.transport);
    read(node, "address", out.address);
    read(node, "port", out.port);
    read_enum(node, "framing",
              {Framing::gantry, Framing::u16le, Framing::u16be, Framing::u32le, Framing::u32be,
               Framing::line},
              out.framing);
    read(node, "payload_bytes_max", out.payload_bytes_max);
    read_enum(node, "balance",
              {Balance::kernel, Balance::round_robin, Balance::least, Balance::hash}, out.balance);
    read(node, "backlog", out.backlog);
    read(node, "handshake_ms", out.handshake_ms);
    read(node, "idle_ms", out.idle_ms);
    inside(node, "queue", [&](const Node& queue) { out.queue = read_queue(queue); });
    inside(node, "ws", [&](const Node& ws) { out.ws = read_ws(ws); });
    read(node, "world", out.world);
    read(node, "middleware", out.middleware);
    inside(node, "options", [&](const Node& options) {
        for (const Member& member : options.members) out.options[member.key] = member.value.text;
    });
    return out;
}

World read_world(const Node& node) {
    World out;
    read(node, "name", out.name);
    read(node, "plugins", out.plugins);
    read(node, "tick_hz", out.tick_hz);
    read(node, "worker", out.worker);
    read(node, "catch_up_steps_max", out.catch_up_steps_max);
    read(node, "entities_max", out.entities_max);
    return out;
}

Plugin read_plugin(const Node& node) {
    Plugin out;
    read(node, "name", out.name);
    read(node, "file", out.file);
    read(node, "version_min", out.version_min);
    read(node, "required", out.required);
    inside(node, "config", [&](const Node& config) { out.config = to_text(config); });
    read(node, "drain_ms", out.drain_ms);
    read(node, "hold_ms", out.hold_ms);
    read_enum(node, "at_deadline", {AtDeadline::give_up, AtDeadline::cancel}, out.at_deadline);
    read(node, "probation_ms", out.probation_ms);
    inside(node, "rollback_when", [&](const Node& when) {
        read(when, "failures", out.rollback_when.failures);
        read(when, "failed_percent", out.rollback_when.failed_percent);
        read(when, "tick_percent", out.rollback_when.tick_percent);
        read(when, "handler_percent", out.rollback_when.handler_percent);
        read(when, "memory_growth_mb", out.rollback_when.memory_growth_mb);
    });
    read_enum(node, "on_fault", {OnFault::contain, OnFault::die}, out.on_fault);
    read(node, "canary", out.canary);
    read(node, "canary_ms", out.canary_ms);
    return out;
}

Drop read_drop(const Node& node) {
    Drop out;
    read(node, "folder", out.folder);
    read_enum(node, "on_drop", {OnDrop::load, OnDrop::stage, OnDrop::ignore}, out.on_drop);
    read(node, "unload_after_ms", out.unload_after_ms);
    return out;
}

Gate read_gate(const Node& node) {
    Gate out;
    read(node, "allow_libraries", out.allow_libraries);
    read(node, "require_signature", out.require_signature);
    read(node, "keys", out.keys);
    return out;
}

Admin read_admin(const Node& node) {
    Admin out;
    read(node, "enabled", out.enabled);
    read(node, "address", out.address);
    read(node, "port", out.port);
    read(node, "token", out.token);
    each(node, "web_roots", [&](const Node& entry) {
        WebRoot& root = out.web_roots.emplace_back();
        read(entry, "prefix", root.prefix);
        read(entry, "folder", root.folder);
    });
    return out;
}

}  // namespace

Manifest read_manifest(const Node& root) {
    Manifest out;
    read(root, "name", out.name);
    inside(root, "log", [&](const Node& log) { read(log, "level", out.log.level); });
    read(root, "shards", out.shards);
    read(root, "workers", out.workers);
    read(root, "room_processors", out.room_processors);
    inside(root, "limits", [&](const Node& limits) { out.limits = read_limits(limits); });
    each(root, "listeners", [&](const Node& n) { out.listeners.push_back(read_listener(n)); });
    each(root, "worlds", [&](const Node& n) { out.worlds.push_back(read_world(n)); });
    each(root, "plugins", [&](const Node& n) { out.plugins.push_back(read_plugin(n)); });
    inside(root, "drop", [&](const Node& drop) { out.drop = read_drop(drop); });
    inside(root, "incidents", [&](const Node& incidents) {
        read(incidents, "folder", out.incidents.folder);
        read(incidents, "files_max", out.incidents.files_max);
        read(incidents, "stuck_ms", out.incidents.stuck_ms);
    });
    inside(root, "gate", [&](const Node& gate) { out.gate = read_gate(gate); });
    inside(root, "admin", [&](const Node& admin) { out.admin = read_admin(admin); });
    return out;
}

}  // namespace gantry::manifest
