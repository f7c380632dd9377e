#include <fmt/format.h>

#include <string_view>

#include "host/manifest/manifest.h"
#include "host/manifest/node.h"
#include "host/manifest/parser.h"

namespace gantry::manifest {
namespace {

/// A single dollar sign could make reading the text back look for a macro.
std::string doubled(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '$') out += c;
    }
    return out;
}

/// The text of one JSON object, member by member.
class Writer {
public:
    void raw(std::string_view key, std::string_view json) {
        out_ += out_.size() > 1 ? "," : "";
        out_ += quoted(key);
        out_ += ':';
        out_ += json;
    }
    void text(std::string_view key, std::string_view value) { raw(key, literal(value)); }
    void flag(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
    template <class Number>
    void number(std::string_view key, Number value) {
        raw(key, fmt::format("{}", value));
    }
    void texts(std::string_view key, const std::vector<std::string>& values) {
        list(key, values, [](const std::string& value) { return literal(value); });
    }
    template <class Items, class Write>
    void list(std::string_view key, const Items& items, Write&& write) {
        std::string json{'['};
        for (const auto& item : items) {
            if (json.size() > 1) json += ',';
            json += write(item);
        }
        json += ']';
        raw(key, json);
    }
    std::string take() { return std::move(out_) + '}'; }

    static std::string literal(std::string_view value) { return quoted(doubled(value)); }

private:
    std::string out_{'{'};
};

std::string write_queue(const Queue& queue) {
    Writer out;
    out.number("low_bytes", queue.low_bytes);
    out.number("high_bytes", queue.high_bytes);
    out.number("max_bytes", queue.max_bytes);
    return out.take();
}

std::string write_ws(const WebSocket& ws) {
    Writer out;
    out.text("path", ws.path);
    out.flag("permessage_deflate", ws.permessage_deflate);
    out.texts("origins", ws.origins);
    out.number("ping_ms", ws.ping_ms);
    return out.take();
}

std::string write_listener(const Listener& listener) {
    Writer out;
    out.text("name", listener.name);
    out.text("transport", listener.transport);
    out.text("address", listener.address);
    out.number("port", listener.port);
    out.text("framing", name_of(listener.framing));
    out.number("payload_bytes_max", listener.payload_bytes_max);
    out.text("balance", name_of(listener.balance));
    out.number("backlog", listener.backlog);
    out.number("handshake_ms", listener.handshake_ms);
    out.number("idle_ms", listener.idle_ms);
    out.raw("queue", write_queue(listener.queue));
    out.raw("ws", write_ws(listener.ws));
    out.text("world", listener.world);
    out.texts("middleware", listener.middleware);
    Writer options;
    for (const auto& [key, value] : listener.options) options.text(key, value);
    out.raw("options", options.take());
    return out.take();
}

std::string write_world(const World& world) {
    Writer out;
    out.text("name", world.name);
    out.texts("plugins", world.plugins);
    out.number("tick_hz", world.tick_hz);
    out.number("worker", world.worker);
    out.number("catch_up_steps_max", world.catch_up_steps_max);
    out.number("entities_max", world.entities_max);
    return out.take();
}

void double_dollars(Node& node) {
    if (node.is(Node::Kind::string)) node.text = doubled(node.text);
    for (Node& item : node.items) double_dollars(item);
    for (Member& member : node.members) double_dollars(member.value);
}

/// What C++ code put there is an object of its own or becomes none.
std::string write_config(const std::string& config) {
    Diagnostics diagnostics;
    auto node = parse(config, 0, "config", diagnostics);
    if (!node || !node->is(Node::Kind::object)) return "{}";
    double_dollars(*node);
    return to_text(*node);
}

std::string write_plugin(const Plugin& plugin) {
    Writer out;
    out.text("name", plugin.name);
    out.text("file", plugin.file);
    out.text("version_min", plugin.version_min);
    out.flag("required", plugin.required);
    out.raw("config", write_config(plugin.config));
    out.number("drain_ms", plugin.drain_ms);
    out.number("hold_ms", plugin.hold_ms);
    out.text("at_deadline", name_of(plugin.at_deadline));
    out.number("probation_ms", plugin.probation_ms);
    const RollbackWhen& when = plugin.rollback_when;
    Writer limits;
    limits.number("failures", when.failures);
    limits.number("failed_percent", when.failed_percent);
    limits.number("tick_percent", when.tick_percent);
    limits.number("handler_percent", when.handler_percent);
    limits.number("memory_growth_mb", when.memory_growth_mb);
    out.raw("rollback_when", limits.take());
    out.text("on_fault", name_of(plugin.on_fault));
    out.flag("canary", plugin.canary);
    out.number("canary_ms", plugin.canary_ms);
    return out.take();
}

std::string write_limits(const Limits& limits) {
    Writer out;
    out.number("connections_max", limits.connections_max);
    out.number("receive_buffer_bytes", limits.receive_buffer_bytes);
    out.number("ring_messages", limits.ring_messages);
    out.number("mailbox_messages", limits.mailbox_messages);
    out.number("credit_messages", limits.credit_messages);
    out.number("credit_bytes", limits.credit_bytes);
    out.number("unknown_ids_max", limits.unknown_ids_max);
    out.number("shutdown_ms", limits.shutdown_ms);
    return out.take();
}

std::string write_admin(const Admin& admin) {
    Writer out;
    out.flag("enabled", admin.enabled);
    out.text("address", admin.address);
    out.number("port", admin.port);
    out.text("token", admin.token);
    out.list("web_roots", admin.web_roots, [](const WebRoot& root) {
        Writer item;
        item.text("prefix", root.prefix);
        item.text("folder", root.folder);
        return item.take();
    });
    return out.take();
}

}  // namespace

std::string to_json(const Manifest& manifest) {
    Writer out;
    out.text("name", manifest.name);
    Writer log;
    log.text("level", manifest.log.level);
    out.raw("log", log.take());
    out.number("shards", manifest.shards);
    out.number("workers", manifest.workers);
    out.list("room_processors", manifest.room_processors,
             [](std::uint32_t one) { return fmt::format("{}", one); });
    out.raw("limits", write_limits(manifest.limits));
    out.list("listeners", manifest.listeners, write_listener);
    out.list("worlds", manifest.worlds, write_world);
    out.list("plugins", manifest.plugins, write_plugin);
    Writer drop;
    drop.text("folder", manifest.drop.folder);
    drop.text("on_drop", name_of(manifest.drop.on_drop));
    drop.number("unload_after_ms", manifest.drop.unload_after_ms);
    out.raw("drop", drop.take());
    Writer incidents;
    incidents.text("folder", manifest.incidents.folder);
    incidents.number("files_max", manifest.incidents.files_max);
    incidents.number("stuck_ms", manifest.incidents.stuck_ms);
    out.raw("incidents", incidents.take());
    Writer gate;
    gate.texts("allow_libraries", manifest.gate.allow_libraries);
    gate.flag("require_signature", manifest.gate.require_signature);
    gate.texts("keys", manifest.gate.keys);
    out.raw("gate", gate.take());
    out.raw("admin", write_admin(manifest.admin));
    return out.take();
}

const char* name_of(Framing value) noexcept {
    constexpr const char* names[] = {"gantry", "u16le", "u16be", "u32le", "u32be", "line"};
    return names[static_cast<std::size_t>(value)];
}
const char* name_of(Balance value) noexcept {
    constexpr const char* names[] = {"kernel", "round_robin", "least", "hash"};
    return names[static_cast<std::size_t>(value)];
}
const char* name_of(OnDrop value) noexcept {
    constexpr const char* names[] = {"load", "stage", "ignore"};
    return names[static_cast<std::size_t>(value)];
}
const char* name_of(OnFault value) noexcept {
    return value == OnFault::contain ? "contain" : "die";
}
const char* name_of(AtDeadline value) noexcept {
    return value == AtDeadline::give_up ? "give_up" : "cancel";
}

}  // namespace gantry::manifest
