#include "host/admin/json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gantry::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json value_of(const PluginInfo& p) {
    return {{"name", p.name},
            {"version", p.version},
            {"generation", p.generation},
            {"state", p.state},
            {"facets", p.facets},
            {"file", p.file},
            {"build_id", p.build_id},
            {"required", p.required},
            {"since_unix_ms", p.since_unix_ms},
            {"error", p.error},
            {"trial", p.trial},
            {"trial_worlds", p.trial_worlds},
            {"trial_with", p.trial_with}};
}

Json value_of(const CandidateInfo& c) {
    return {{"name", c.name},
            {"version", c.version},
            {"file", c.file},
            {"build_id", c.build_id},
            {"error", c.error}};
}

Json value_of(const WorldInfo& w) {
    return {{"name", w.name},         {"id", w.id},
            {"worker", w.worker},     {"state", w.state},
            {"plugins", w.plugins},   {"entities", w.entities},
            {"sessions", w.sessions}, {"tick", w.tick},
            {"tick_hz", w.tick_hz},   {"tick_ms", {{"p50", w.tick_ms_p50}, {"p99", w.tick_ms_p99}}},
            {"mailbox", w.mailbox}};
}

Json value_of(const SessionInfo& s) {
    return {{"id", s.id},
            {"remote", s.remote},
            {"protocol", s.protocol},
            {"listener", s.listener},
            {"world", s.world},
            {"messages_in", s.messages_in},
            {"messages_out", s.messages_out},
            {"bytes_in", s.bytes_in},
            {"bytes_out", s.bytes_out},
            {"since_unix_ms", s.since_unix_ms}};
}

Json value_of(const RouteInfo& r) {
    return {{"message_id", r.message_id}, {"name", r.name}, {"owner", r.owner}, {"place", r.place}};
}

Json value_of(const SwapReport& r) {
    Json steps = Json::array();
    for (const SwapStep& step : r.steps) steps.push_back({{"name", step.name}, {"ms", step.ms}});
    return {{"ticket", r.ticket},
            {"plugin", r.plugin},
            {"from", r.from},
            {"to", r.to},
            {"outcome", name_of(r.outcome)},
            {"reason", r.reason},
            {"steps", std::move(steps)},
            {"leftovers", r.leftovers},
            {"notes", r.notes},
            {"changes", r.changes},
            {"at_unix_ms", r.at_unix_ms},
            {"ended_unix_ms", r.ended_unix_ms},
            {"settled", r.settled}};
}

Json value_of(const GenerationInfo& g) {
    return {{"label", g.label},
            {"state", g.state},
            {"since_unix_ms", g.since_unix_ms},
            {"holds", g.holds}};
}

Json value_of(const IncidentInfo& i) {
    return {{"at_unix_ms", i.at_unix_ms},
            {"kind", i.kind},
            {"plugin", i.plugin},
            {"what", i.what},
            {"where", i.where},
            {"went_back_to", i.went_back_to},
            {"with", i.with},
            {"live_ms", i.live_ms},
            {"changes", i.changes},
            {"stack", i.stack},
            {"stack_note", i.stack_note}};
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(value_of(item));
    return list;
}

template <class Item>
std::string named_list(const char* name, const std::vector<Item>& items) {
    return dump(Json{{name, list_of(items)}});
}

/// A member that must be a text when it is there.
bool take_text(const nlohmann::json& json, const char* key, std::string& out) {
    const auto found = json.find(key);
    if (found == json.end()) return true;
    if (!found->is_string()) return false;
    out = found->get<std::string>();
    return true;
}

bool take_flag(const nlohmann::json& json, const char* key, bool& out) {
    const auto found = json.find(key);
    if (found == json.end()) return true;
    if (!found->is_boolean()) return false;
    out = found->get<bool>();
    return true;
}

}  // namespace

const char* name_of(SwapOutcome outcome) noexcept {
    constexpr const char* names[] = {"running", "committed", "refused", "rolled_back", "given_up"};
    return names[static_cast<std::size_t>(outcome)];
}

const char* name_of(EventKind kind) noexcept {
    constexpr const char* names[] = {"established", "received", "sent", "error", "closed"};
    return names[static_cast<std::size_t>(kind)];
}

std::string to_json(const HealthInfo& h) {
    return dump(Json{{"ok", h.ok},
                     {"state", h.state},
                     {"reason", h.reason},
                     {"stuck", h.stuck},
                     {"name", h.name},
                     {"version", h.version},
                     {"uptime_ms", h.uptime_ms},
                     {"shards", h.shards},
                     {"workers", h.workers},
                     {"worlds", h.worlds},
                     {"sessions", h.sessions}});
}

std::string to_json(const SwapReport& report) { return dump(value_of(report)); }

std::string to_json(const SessionEvent& e) {
    Json json{{"number", e.number},
              {"kind", name_of(e.kind)},
              {"session", e.session},
              {"at_unix_ms", e.at_unix_ms}};
    if (e.kind == EventKind::received || e.kind == EventKind::sent) {
        json["message_id"] = e.message_id;
        json["bytes"] = e.bytes;
    }
    if (!e.text.empty()) json["text"] = e.text;
    return dump(json);
}

std::string to_json(const std::vector<PluginInfo>& p) { return named_list("plugins", p); }
std::string to_json(const std::vector<CandidateInfo>& c) { return named_list("candidates", c); }
std::string to_json(const std::vector<WorldInfo>& w) { return named_list("worlds", w); }
std::string to_json(const std::vector<RouteInfo>& r) { return named_list("routes", r); }
std::string to_json(const std::vector<SwapReport>& s) { return named_list("swaps", s); }

std::string to_json(const std::vector<GenerationInfo>& g) { return named_list("generations", g); }
std::string to_json(const std::vector<IncidentInfo>& i) { return named_list("incidents", i); }

std::string to_json(const std::vector<SessionInfo>& sessions, bool more) {
    return dump(Json{{"sessions", list_of(sessions)}, {"more", more}});
}

std::string removed_json(std::string_view label) { return dump(Json{{"removed", label}}); }

std::string aborted_json(const std::vector<std::string>& labels) {
    return dump(Json{{"aborted", labels}});
}

std::string error_json(std::string_view status, std::string_view sentence) {
    return dump(Json{{"error", sentence}, {"status", status}});
}

namespace {

/// Refuses members that are not among `allowed`, which is a list for the sentence, too.
Result<Done> only(const nlohmann::json& json, std::string_view allowed) {
    for (const auto& [key, value] : json.items()) {
        if (fmt::format(", {},", allowed).find(fmt::format(" {},", key)) != std::string::npos)
            continue;
        return Error{Status::invalid,
                     fmt::format("unknown key \"{}\", allowed: {}", key.substr(0, 60), allowed)};
    }
    return Done{};
}

Result<PluginRequest> one_plugin(const nlohmann::json& json) {
    PluginRequest one;
    if (!take_text(json, "plugin", one.plugin) || !take_text(json, "version", one.version) ||
        !take_text(json, "file", one.file)) {
        return Error{Status::invalid, "plugin, version and file are texts"};
    }
    if (one.plugin.empty() && one.file.empty())
        return Error{Status::invalid, "\"plugin\" is missing"};
    if (!one.version.empty() && !one.file.empty())
        return Error{Status::invalid, "either version or file, not both"};
    return one;
}

Result<std::vector<PluginRequest>> several_plugins(const nlohmann::json& list) {
    constexpr std::size_t plugins_max = 64;
    std::vector<PluginRequest> plugins;
    if (!list.is_array() || list.empty() || list.size() > plugins_max) {
        return Error{Status::invalid,
                     fmt::format("\"plugins\" is a list of 1 to {} objects such as "
                                 "{{\"plugin\": \"arena\", \"version\": \"2.0.0\"}}",
                                 plugins_max)};
    }
    for (const nlohmann::json& json : list) {
        if (!json.is_object()) return Error{Status::invalid, "\"plugins\" is a list of objects"};
        if (auto ok = only(json, "plugin, version, file"); !ok) return ok.error();
        auto one = one_plugin(json);
        if (!one) return one.error();
        plugins.push_back(std::move(*one));
    }
    return plugins;
}

}  // namespace

Result<SwapRequest> swap_request(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return Error{Status::invalid,
                     "the body must be an object such as "
                     "{\"plugin\": \"arena\", \"version\": \"2.0.0\"}"};
    }
    const bool several = json.contains("plugins");
    if (auto ok = only(json, several ? "plugins, worlds, sessions, promote, settle"
                                     : "plugin, version, file, plugins, worlds, sessions, promote, "
                                       "settle");
        !ok) {
        return ok.error();
    }
    SwapRequest request;
    if (!take_text(json, "worlds", request.worlds))
        return Error{Status::invalid, "worlds is a text"};
    if (!take_text(json, "sessions", request.sessions))
        return Error{Status::invalid, "sessions is a text"};
    if (!take_flag(json, "promote", request.promote) ||
        !take_flag(json, "settle", request.settle)) {
        return Error{Status::invalid, "promote and settle are true or false"};
    }
    if (request.promote && request.worlds.empty()) {
        return Error{Status::invalid,
                     "promote says what follows when only some worlds are swapped"};
    }
    if (several) {
        auto plugins = several_plugins(json["plugins"]);
        if (!plugins) return plugins.error();
        request.plugins = std::move(*plugins);
    } else {
        auto one = one_plugin(json);
        if (!one) return one.error();
        request.plugins.push_back(std::move(*one));
    }
    return request;
}

Result<std::string> plugin_request(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    std::string plugin;
    if (!json.is_object() || json.size() != 1 || !take_text(json, "plugin", plugin) ||
        plugin.empty()) {
        return Error{Status::invalid, "the body must be {\"plugin\": \"<its name>\"}"};
    }
    return plugin;
}

}  // namespace gantry::admin
