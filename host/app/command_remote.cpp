// The commands that ask a running host through its admin listener.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/admin/client.h"
#include "host/admin/runtime_file.h"
#include "host/app/commands.h"

namespace gantry::app {
namespace {

using Json = nlohmann::json;

int complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return 1;
}

std::string text(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

/// What an answer without success says of itself.
std::string refusal(const admin::AdminReply& reply) {
    const Json json = Json::parse(reply.body, nullptr, false);
    const std::string sentence = json.is_object() ? text(json, "error") : "";
    return sentence.empty() ? fmt::format("the host answered {}", reply.status) : sentence;
}

Result<Json> ask(const std::string& host, const std::string& path) {
    const auto found = admin::find_host(host);
    if (!found) return found.error();
    const auto reply = admin::AdminClient{found->url, found->token}.get(path);
    if (!reply) return reply.error();
    if (reply->status != 200) return Error{Status::refused, refusal(*reply)};
    Json json = Json::parse(reply->body, nullptr, false);
    if (json.is_discarded()) return Error{Status::invalid, "the host's answer is no JSON"};
    return json;
}

/// The list itself, or the one member of an object that holds it.
const Json& list_in(const Json& json) {
    if (json.is_object() && json.size() == 1) return json.begin().value();
    return json;
}

Result<admin::AdminReply> post(const std::string& host, const std::string& path, const Json& body) {
    const auto found = admin::find_host(host);
    if (!found) return found.error();
    return admin::AdminClient{found->url, found->token}.post(path, body.dump());
}

/// Asks for a swap and prints its report.
int post_swap(const std::string& host, const std::string& path, const Json& request) {
    const auto reply = post(host, path, request);
    if (!reply) return complain(reply.error().message);
    const Json report = Json::parse(reply->body, nullptr, false);
    if (!report.is_object() || !report.contains("outcome")) return complain(refusal(*reply));
    fmt::print("{}: {} -> {}\n", text(report, "outcome"), text(report, "from"), text(report, "to"));
    if (const std::string reason = text(report, "reason"); !reason.empty())
        fmt::print("  {}\n", reason);
    for (const Json& step : report.value("steps", Json::array())) {
        fmt::print("  {:<10} {:>9.3f} ms\n", text(step, "name"), step.value("ms", 0.0));
    }
    for (const Json& left : report.value("leftovers", Json::array())) {
        fmt::print("  left over: {}\n", left.get<std::string>());
    }
    return text(report, "outcome") == "committed" ? 0 : 1;
}

}  // namespace

int list_plugins(const std::string& host, bool json) {
    const auto answer = ask(host, "/api/plugins");
    if (!answer) return complain(answer.error().message);
    if (json) return fmt::print("{}\n", answer->dump(2)), 0;
    fmt::print("{:<16} {:<10} {:<4} {:<10} {}\n", "name", "version", "gen", "state", "file");
    for (const Json& one : list_in(*answer)) {
        fmt::print("{:<16} {:<10} {:<4} {:<10} {}\n", text(one, "name"), text(one, "version"),
                   text(one, "generation"), text(one, "state"), text(one, "file"));
    }
    const auto staged = ask(host, "/api/candidates");
    if (!staged) return 0;
    fmt::print("\nin the drop folder:\n");
    for (const Json& one : list_in(*staged)) {
        const std::string error = text(one, "error");
        if (error.empty()) {
            fmt::print("  {}@{}  {}\n", text(one, "name"), text(one, "version"), text(one, "file"));
        } else {
            fmt::print("  refused: {}\n", error);
        }
    }
    return 0;
}

int list_routes(const std::string& host, bool json) {
    const auto answer = ask(host, "/api/routes");
    if (!answer) return complain(answer.error().message);
    if (json) return fmt::print("{}\n", answer->dump(2)), 0;
    fmt::print("{:<8} {:<28} {:<24} {}\n", "id", "handler", "owner", "where");
    for (const Json& one : list_in(*answer)) {
        fmt::print("{:<8} {:<28} {:<24} {}\n", text(one, "message_id"), text(one, "name"),
                   text(one, "owner"), text(one, "place"));
    }
    return 0;
}

int list_generations(const std::string& host, bool json) {
    const auto answer = ask(host, "/api/who");
    if (!answer) return complain(answer.error().message);
    if (json) return fmt::print("{}\n", answer->dump(2)), 0;
    for (const Json& one : list_in(*answer)) {
        fmt::print("{:<28} {}\n", text(one, "label"), text(one, "state"));
        for (const Json& held : one.value("holds", Json::array())) {
            fmt::print("    {}\n", held.get<std::string>());
        }
    }
    return 0;
}

int swap_plugins(const std::string& host, const std::vector<std::string>& what,
                 const SwapFlags& flags) {
    Json plugins = Json::array();
    for (const std::string& one : what) {
        Json plugin;
        const auto at = one.find('@');
        if (one.ends_with(".so")) {
            std::error_code ignored;
            plugin["file"] = std::filesystem::absolute(one, ignored).string();
        } else {
            plugin["plugin"] = one.substr(0, at);
            if (at != std::string::npos) plugin["version"] = one.substr(at + 1);
        }
        plugins.push_back(std::move(plugin));
    }
    Json request = {{"plugins", std::move(plugins)}};
    if (!flags.worlds.empty()) request["worlds"] = flags.worlds;
    if (flags.promote) request["promote"] = true;
    if (flags.settle) request["settle"] = true;
    return post_swap(host, "/api/swap", request);
}

int promote_plugin(const std::string& host, const std::string& plugin) {
    return post_swap(host, "/api/promote", {{"plugin", plugin}});
}

int abort_plugin(const std::string& host, const std::string& plugin) {
    const auto reply = post(host, "/api/abort", {{"plugin", plugin}});
    if (!reply) return complain(reply.error().message);
    if (reply->status >= 300) return complain(refusal(*reply));
    fmt::print("aborted: the worlds that tried {} run what the others run\n", plugin);
    return 0;
}

int stop_host(const std::string& host) {
    const auto found = admin::find_host(host);
    if (!found) return complain(found.error().message);
    const auto reply = admin::AdminClient{found->url, found->token}.post("/api/stop", "{}");
    if (!reply) return complain(reply.error().message);
    if (reply->status >= 300) return complain(refusal(*reply));
    fmt::print("{} is stopping\n", found->name);
    return 0;
}

}  // namespace gantry::app
