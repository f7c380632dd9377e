// The commands that ask a running host through its admin listener.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "host/app/commands.h"
#include "host/app/remote.h"

namespace gantry::app {
namespace {

using Json = nlohmann::json;

int complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return 1;
}

Result<Json> ask(const std::string& host, const std::string& path) {
    const auto found = admin::find_host(host);
    if (!found) return found.error();
    return ask_host(*found, path);
}

/// " since 12:03:44 (5 s)"; with its day where that is another one.
std::string since_text(std::int64_t since_unix_ms) {
    const std::time_t now = std::time(nullptr);
    const auto since = static_cast<std::time_t>(since_unix_ms / 1000);
    if (since == 0) return {};
    std::tm then{};
    char text[32];
    localtime_r(&since, &then);
    constexpr std::time_t day_s = 24 * 3600;
    std::strftime(text, sizeof text, now - since < day_s ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
    return fmt::format(" since {} ({} s)", text, std::max<std::time_t>(now - since, 0));
}

/// The list itself, or the one member of an object that holds it.
const Json& list_in(const Json& json) {
    if (json.is_object() && json.size() == 1) return json.begin().value();
    return json;
}

/// Of "left, right" the first is asked for: they came together.
bool in_probation(const admin::RuntimeInfo& host, const std::string& plugins) {
    const auto answer = ask_host(host, "/api/plugins");
    if (!answer) return false;
    for (const Json& one : list_in(*answer)) {
        const bool meant = plugins.substr(0, plugins.find(", ")) == text_of(one, "name");
        if (meant) return text_of(one, "state") == "probation";
    }
    return false;
}

/// Asks for a swap and prints its report.
int post_swap(const std::string& host, const std::string& path, const Json& request) {
    const auto found = admin::find_host(host);
    if (!found) return complain(found.error().message);
    const auto answer = ask_swap(*found, path, request);
    if (!answer) return complain(answer.error().message);
    const Json& report = *answer;
    const std::string from = text_of(report, "from");
    const std::string to = text_of(report, "to");  // empty: refused before it was looked at
    fmt::print("{}: {}{}{}\n", text_of(report, "outcome"), from, from.empty() ? "" : " -> ",
               to.empty() ? text_of(report, "plugin") : to);
    if (const std::string reason = text_of(report, "reason"); !reason.empty())
        fmt::print("  {}\n", reason);
    for (const Json& note : report.value("notes", Json::array())) {
        fmt::print("  {}\n", note.get<std::string>());
    }
    for (const Json& step : report.value("steps", Json::array())) {
        fmt::print("  {:<10} {:>9.3f} ms\n", text_of(step, "name"), step.value("ms", 0.0));
    }
    for (const Json& left : report.value("leftovers", Json::array())) {
        fmt::print("  left over: {}\n", left.get<std::string>());
    }
    if (text_of(report, "outcome") != "committed") return 1;
    if (in_probation(*found, text_of(report, "plugin"))) {
        fmt::print("  it is in its probation now: gantry plugins tells how that ends\n");
    }
    return 0;
}

/// "left, right"
std::string names_in(const Json& json, const char* key) {
    std::string names;
    for (const Json& one : json.value(key, Json::array())) {
        names += (names.empty() ? "" : ", ") + one.get<std::string>();
    }
    return names;
}

/// The version that runs beside it in some worlds, "arena@2.0.0#3".
void print_trial(const Json& plugin) {
    const std::string label = text_of(plugin, "trial");
    const auto at = label.find('@');
    const auto number = label.find('#');
    if (at == label.npos || number == label.npos) return;
    const std::string with = names_in(plugin, "trial_with");
    fmt::print("{:<16} {:<10} {:<4} {:<10} in {}{}{}\n", label.substr(0, at),
               label.substr(at + 1, number - at - 1), label.substr(number + 1), "tried",
               names_in(plugin, "trial_worlds"), with.empty() ? "" : ", together with ", with);
}

void print_last_way_back(const std::string& host) {
    const auto answer = ask(host, "/api/swaps");
    if (!answer) return;
    for (const Json& one : list_in(*answer)) {  // newest first
        if (text_of(one, "outcome") != "rolled_back") continue;
        fmt::print("\nrolled back last: {} -> {}: {}\n", text_of(one, "to"), text_of(one, "from"),
                   text_of(one, "reason"));
        return;
    }
}

}  // namespace

int list_plugins(const std::string& host, bool json) {
    const auto answer = ask(host, "/api/plugins");
    if (!answer) return complain(answer.error().message);
    if (json) return fmt::print("{}\n", answer->dump(2)), 0;
    fmt::print("{:<16} {:<10} {:<4} {:<10} {}\n", "name", "version", "gen", "state", "file");
    for (const Json& one : list_in(*answer)) {
        fmt::print("{:<16} {:<10} {:<4} {:<10} {}\n", text_of(one, "name"), text_of(one, "version"),
                   text_of(one, "generation"), text_of(one, "state"), text_of(one, "file"));
        print_trial(one);
    }
    print_last_way_back(host);
    const auto staged = ask(host, "/api/candidates");
    if (!staged || list_in(*staged).empty()) return 0;
    fmt::print("\nin the drop folder:\n");
    for (const Json& one : list_in(*staged)) {
        const std::string error = text_of(one, "error");
        if (error.empty()) {
            fmt::print("  {}@{}  {}\n", text_of(one, "name"), text_of(one, "version"),
                       text_of(one, "file"));
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
        fmt::print("{:<8} {:<28} {:<24} {}\n", text_of(one, "message_id"), text_of(one, "name"),
                   text_of(one, "owner"), text_of(one, "place"));
    }
    return 0;
}

int list_generations(const std::string& host, bool json) {
    const auto answer = ask(host, "/api/who");
    if (!answer) return complain(answer.error().message);
    if (json) return fmt::print("{}\n", answer->dump(2)), 0;
    for (const Json& one : list_in(*answer)) {
        fmt::print("{:<28} {}{}\n", text_of(one, "label"), text_of(one, "state"),
                   since_text(one.value("since_unix_ms", std::int64_t{0})));
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
    if (!flags.sessions.empty()) request["sessions"] = flags.sessions;
    if (flags.promote) request["promote"] = true;
    if (flags.settle) request["settle"] = true;
    return post_swap(host, "/api/swap", request);
}

int promote_plugin(const std::string& host, const std::string& plugin) {
    return post_swap(host, "/api/promote", {{"plugin", plugin}});
}

int abort_plugin(const std::string& host, const std::string& plugin) {
    const auto found = admin::find_host(host);
    if (!found) return complain(found.error().message);
    const auto answer = tell_host(*found, "/api/abort", {{"plugin", plugin}});
    if (!answer) return complain(answer.error().message);
    const std::string left = names_in(*answer, "aborted");
    fmt::print("aborted: {}; the worlds that tried {} run what the others run\n", left,
               left.find(',') == left.npos ? "it" : "them");
    return 0;
}

int remove_plugin(const std::string& host, const std::string& plugin) {
    const auto found = admin::find_host(host);
    if (!found) return complain(found.error().message);
    const auto answer = tell_host(*found, "/api/remove", {{"plugin", plugin}});
    if (!answer) return complain(answer.error().message);
    fmt::print("removed: {}; gantry who shows when it has left the memory\n",
               text_of(*answer, "removed"));
    return 0;
}

int stop_host(const std::string& host) {
    const auto found = admin::find_host(host);
    if (!found) return complain(found.error().message);
    const auto answer = tell_host(*found, "/api/stop", Json::object());
    if (!answer) return complain(answer.error().message);
    fmt::print("{} is stopping\n", found->name);
    return 0;
}

}  // namespace gantry::app
