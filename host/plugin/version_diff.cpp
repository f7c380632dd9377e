#include "host/plugin/version_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gantry::plugin {
namespace {

using Lines = std::vector<std::string>;

/// "7: on<Move> (id 7)", sorted.
template <class Table>
Lines routes_of(const Table& table, const Lines& plugins) {
    Lines lines;
    for (const auto& route : table.all()) {
        if (std::find(plugins.begin(), plugins.end(), route->owner->plugin) == plugins.end())
            continue;
        lines.push_back(fmt::format("{}: {}", route->id, route->name));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

Lines route_diff(const Lines& before, const Lines& after) {
    Lines gone;
    Lines come;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(gone));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(come));
    Lines lines;
    for (const std::string& one : come) lines.push_back("new route " + one);
    for (const std::string& one : gone) lines.push_back("no more route " + one);
    return lines;
}

}  // namespace

std::vector<std::string> version_diff(const Library* from, const Library& to) {
    if (from == nullptr) return {fmt::format("{}: version {}, new", to.name(), to.version())};
    Lines lines{fmt::format("{}: version {} -> {}", to.name(), from->version(), to.version())};
    if (!from->build_id().empty() || !to.build_id().empty()) {
        lines.push_back(
            fmt::format("{}: build id {} -> {}", to.name(), from->build_id(), to.build_id()));
    }
    return lines;
}

void note_routes(world::World& world, world::SwapOrder& order) {
    Lines plugins;
    for (const world::InstanceOrder& next : order.next) plugins.push_back(next.owner.plugin);
    const auto routes = [&world, plugins] { return routes_of(world.tables().routes, plugins); };
    order.done = [done = std::move(order.done), routes,
                  before = routes()](world::SwapResult result) {
        if (result.end == world::SwapEnd::committed) result.routes = route_diff(before, routes());
        done(std::move(result));
    };
}

Result<route::FacetReport> add_noting_routes(session::IoRoom& shard,
                                             const std::vector<route::FacetOrder>& orders) {
    Lines plugins;
    for (const route::FacetOrder& order : orders) plugins.push_back(order.owner.plugin);
    const Lines before = routes_of(shard.tables().routes, plugins);
    auto report = shard.add(orders);
    if (report) {
        append_new(report->changes, route_diff(before, routes_of(shard.tables().routes, plugins)));
    }
    return report;
}

void append_new(std::vector<std::string>& to, const std::vector<std::string>& lines) {
    for (const std::string& one : lines) {
        if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
    }
}

}  // namespace gantry::plugin
