#include "host/sched/stage_graph.h"

#include <algorithm>
#include <set>

namespace gantry::sched {
namespace {

bool share(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) noexcept {
    return std::any_of(a.begin(), a.end(), [&](std::uint32_t id) {
        return std::find(b.begin(), b.end(), id) != b.end();
    });
}

/// edges[i] lists whom i must precede.
std::vector<std::set<std::size_t>> edges_of(const std::vector<System>& systems) {
    std::vector<std::set<std::size_t>> edges(systems.size());
    for (std::size_t i = 0; i < systems.size(); ++i) {
        for (std::size_t j = 0; j < systems.size(); ++j) {
            if (i == j) continue;
            const auto names = [](const std::vector<std::string>& list, const std::string& name) {
                return std::find(list.begin(), list.end(), name) != list.end();
            };
            if (names(systems[i].before, systems[j].name) ||
                names(systems[j].after, systems[i].name)) {
                edges[i].insert(j);
            }
        }
    }
    return edges;
}

/// Follows edges among those left until a system comes again: "a before b before a".
std::string cycle_text(const std::vector<System>& systems,
                       const std::vector<std::set<std::size_t>>& edges,
                       const std::set<std::size_t>& left) {
    std::vector<std::size_t> path;
    std::size_t at = *left.begin();
    // Every system left has one left before it, so walking backwards always goes on.
    while (std::find(path.begin(), path.end(), at) == path.end()) {
        path.push_back(at);
        at = *std::find_if(left.begin(), left.end(),
                           [&](std::size_t other) { return edges[other].contains(at); });
    }
    std::string text = systems[at].name;
    for (auto it = path.rbegin(); *it != at; ++it) text += " before " + systems[*it].name;
    return text + " before " + systems[at].name;
}

Result<std::vector<System>> order(std::vector<System> systems) {
    const auto edges = edges_of(systems);
    std::vector<std::size_t> waits_for(systems.size());
    for (const auto& successors : edges) {
        for (const std::size_t successor : successors) ++waits_for[successor];
    }
    std::set<std::size_t> left;
    for (std::size_t i = 0; i < systems.size(); ++i) left.insert(i);
    std::vector<System> ordered;
    while (!left.empty()) {
        const auto next = std::find_if(left.begin(), left.end(),
                                       [&](std::size_t i) { return waits_for[i] == 0; });
        if (next == left.end()) {
            return Error{Status::invalid,
                         "the order of systems is a circle: " + cycle_text(systems, edges, left)};
        }
        for (const std::size_t successor : edges[*next]) --waits_for[successor];
        ordered.push_back(systems[*next]);
        left.erase(next);
    }
    return ordered;
}

}  // namespace

bool conflict(const System& a, const System& b) noexcept {
    return share(a.writes, b.writes) || share(a.writes, b.reads) || share(a.reads, b.writes);
}

Result<StageGraph> StageGraph::build(std::vector<System> systems) {
    StageGraph graph;
    std::array<std::vector<System>, stage_count> by_stage;
    for (System& system : systems) {
        const auto stage = static_cast<std::size_t>(system.stage);
        if (stage >= stage_count) return Error{Status::invalid, system.name + " names no stage"};
        by_stage[stage].push_back(std::move(system));
    }
    for (std::size_t i = 0; i < stage_count; ++i) {
        auto ordered = order(std::move(by_stage[i]));
        if (!ordered) return ordered.error();
        graph.stages_[i] = std::move(*ordered);
    }
    return graph;
}

}  // namespace gantry::sched
