#include "host/world/migration_slices.h"

#include <algorithm>

namespace gantry::world {

MigrationSlices::MigrationSlices(ecs::Migration& migration, route::Surroundings& surroundings,
                                 const route::PostToRoom& post_here, TimeNs now)
    : migration_{migration},
      clock_{surroundings.clock()},
      since_{now},
      ahead_{migration.pages_ahead()} {
    if (ahead_ == nullptr) return;
    const Status posted =
        surroundings.offload([ahead = ahead_] { ahead->touch(); }, [] {}, post_here);
    if (posted != Status::ok) ahead_.reset();
}

bool MigrationSlices::memory_is_ready(TimeNs now) {
    if (ahead_ == nullptr) return true;
    if (ahead_->ready()) {
        migration_.use(*ahead_);
    } else if (now - since_ < touch_max_ns) {
        return false;
    }
    ahead_.reset();
    return true;
}

Result<bool> MigrationSlices::step(TimeNs now, TimeNs slice_ns) {
    if (!memory_is_ready(now)) return false;
    const TimeNs begin = clock_.now();
    TimeNs spent = 0, longest = 0;
    do {
        const TimeNs before = spent;
        const auto done = migration_.advance(slice_rows);
        if (!done || *done) return done;
        spent = clock_.now() - begin;
        longest = std::max(longest, spent - before);
        // Under a clock that stands still a turn would not end: there it is one slice.
    } while (spent > 0 && spent + longest < slice_ns);
    return false;
}

}  // namespace gantry::world
