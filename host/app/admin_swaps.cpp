// HostBackend: what operators do with versions of plugins, and who is in memory.
#include <fmt/format.h>

#include <algorithm>

#include "host/app/admin_backend.h"
#include "host/app/ask_rooms.h"
#include "host/world/holdings.h"

namespace gantry::app {
namespace {

/// The manager lives in the control room: asks it there and waits for its first word.
template <class T>
Result<T> ask_control(Host& host, std::function<Result<T>(plugin::PluginManager&)> ask) {
    auto answers = ask_rooms<Result<T>>(
        {host.rooms().control}, [&host, ask](std::size_t) { return ask(host.plugins()); },
        std::chrono::milliseconds{2000});
    if (answers.empty()) return Error{Status::timeout, "the control room is busy; ask again"};
    return std::move(answers.front());
}

}  // namespace

Result<std::uint64_t> HostBackend::swap(const admin::SwapRequest& request) {
    plugin::SwapWish wish;
    for (const admin::PluginRequest& one : request.plugins) {
        wish.plugins.push_back({one.plugin, one.version, one.file});
    }
    wish.worlds = request.worlds;
    wish.sessions = request.sessions;
    wish.promote = request.promote;
    wish.settle = request.settle;
    return ask_control<std::uint64_t>(
        host_, [wish](plugin::PluginManager& plugins) { return plugins.swap(wish); });
}

Result<std::uint64_t> HostBackend::promote(const std::string& plugin) {
    return ask_control<std::uint64_t>(
        host_, [plugin](plugin::PluginManager& plugins) { return plugins.promote(plugin); });
}

Result<std::vector<std::string>> HostBackend::abort(const std::string& plugin) {
    return ask_control<std::vector<std::string>>(
        host_, [plugin](plugin::PluginManager& plugins) { return plugins.abort(plugin); });
}

Result<std::string> HostBackend::remove(const std::string& plugin) {
    return ask_control<std::string>(
        host_, [plugin](plugin::PluginManager& plugins) { return plugins.remove(plugin); });
}

std::vector<admin::GenerationInfo> HostBackend::who() {
    std::vector<admin::GenerationInfo> list;
    for (const plugin::GenerationStatus& one : host_.plugins().snapshot().generations) {
        admin::GenerationInfo info;
        info.label = one.label;
        info.state = one.state;
        info.since_unix_ms = one.since_wall / ns_per_ms;
        if (!one.reason.empty()) info.holds.push_back(one.reason);
        list.push_back(std::move(info));
    }
    const auto holds = [&list](const std::string& label, std::vector<std::string> what) {
        const auto found = std::find_if(list.begin(), list.end(),
                                        [&](const auto& one) { return one.label == label; });
        if (found != list.end()) found->holds.insert(found->holds.end(), what.begin(), what.end());
    };
    for (const StuckCall& call : host_.watchdog().stuck()) holds(call.plugin, {call.text()});
    std::vector<route::PostToRoom> ports = ports_.workers();
    const std::size_t workers = ports.size();
    std::vector<route::FacetRoom*> facets;
    for (session::IoRoom* const shard : host_.rooms().shards) facets.push_back(shard);
    facets.push_back(host_.rooms().service);
    for (route::PostToRoom& port : ports_.shards()) ports.push_back(std::move(port));
    ports.push_back(ports_.service());
    const auto answers =
        ask_rooms<std::vector<route::Holding>>(ports, [this, workers, facets](std::size_t room) {
            if (room >= workers) return facets[room - workers]->holdings();
            std::vector<route::Holding> all;
            for (const auto& world : host_.rooms().workers[room]->worlds()) {
                for (route::Holding& one : world::holdings(*world)) all.push_back(std::move(one));
            }
            return all;
        });
    for (const auto& answer : answers) {
        for (const route::Holding& held : answer) holds(held.label, held.what);
    }
    return list;
}

std::vector<admin::IncidentInfo> HostBackend::incidents() {
    std::vector<admin::IncidentInfo> list;
    for (const plugin::Incident& one : host_.incidents().latest()) {
        list.push_back({one.at_wall / ns_per_ms, one.kind, one.plugin, one.what, one.where,
                        one.went_back_to, one.with, one.stack, one.stack_note, one.live_ms,
                        one.changes});
    }
    return list;
}

}  // namespace gantry::app
