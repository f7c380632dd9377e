#include "host/world/migration_slices.h"

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
    Result<bool> done = false;
    for_a_slice(clock_, slice_ns, [&] {
        done = migration_.advance(slice_rows);
        return !done || *done;
    });
    return done;
}

}  // namespace gantry::world
