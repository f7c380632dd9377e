// Seating: new sessions that go to another world than their listener names, for as long as a
// version is tried there.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "host/session/session_rule.h"

namespace gantry::session {

/// Sessions on their way to one of `from` go to `to` where the rule holds, to each in turn.
struct Seats {
    std::string plugin;  ///< whose version is tried
    SessionRule rule;
    std::vector<WorldId> from;
    std::vector<WorldId> to;
    std::size_t next = 0;
};

/// [io]
class Seating {
public:
    void add(Seats seats) { all_.push_back(std::move(seats)); }
    void remove(std::string_view plugin) {
        std::erase_if(all_, [&](const Seats& one) { return one.plugin == plugin; });
    }
    /// Where the session begins instead of in `world`. Who sits already stays.
    WorldId choose(WorldId world, const SessionFacts& session) {
        for (Seats& seats : all_) {
            const bool concerned =
                std::find(seats.from.begin(), seats.from.end(), world) != seats.from.end();
            if (concerned && seats.rule.holds(session))
                return seats.to[seats.next++ % seats.to.size()];
        }
        return world;
    }

private:
    std::vector<Seats> all_;
};

}  // namespace gantry::session
