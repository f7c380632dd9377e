// SwapReport: how a swap went, for the log, the admin API and the command line.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gantry/types.h"

namespace gantry::plugin {

enum class SwapOutcome : std::uint8_t { running, committed, refused, given_up, rolled_back };

struct SwapStep {
    std::string name;
    double ms = 0;
};

struct SwapReport {
    std::uint64_t ticket = 0;
    std::string plugin;
    std::string from;  ///< "arena@1.0.0#1"
    std::string to;
    SwapOutcome outcome = SwapOutcome::running;
    std::string reason;
    std::vector<SwapStep> steps;
    std::vector<std::string> leftovers;
    std::vector<std::string> notes;    ///< what an operator should know of it, one sentence each
    std::vector<std::string> changes;  ///< versions, build ids, layouts, routes: one line each
    TimeNs began_wall = 0;
    TimeNs ended_wall = 0;  ///< when it came to its outcome; 0: not yet
    bool settled = false;   ///< the probation is over and the old library has left
};

/// What several worlds say is said once.
inline void add_once(std::vector<std::string>& list, std::string sentence) {
    if (std::find(list.begin(), list.end(), sentence) == list.end())
        list.push_back(std::move(sentence));
}

/// "arena@2.0.0#3, bots@2.0.0#2"
inline void append_name(std::string& list, std::string_view name) {
    if (!list.empty()) list += ", ";
    list += name;
}

}  // namespace gantry::plugin
