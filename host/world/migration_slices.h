// MigrationSlices: a migration of a world's components, a part of it in every turn.
#pragma once
#include <algorithm>
#include <memory>

#include "host/core/clock.h"
#include "host/core/result.h"
#include "host/ecs/migration.h"
#include "host/ecs/pages_ahead.h"
#include "host/route/surroundings.h"

namespace gantry::world {

/// Calls `step` again and again, for no longer than `slice_ns`, but for one call. True once it has
/// answered true: then there is nothing left to do.
template <class Step>
bool for_a_slice(const core::Clock& clock, TimeNs slice_ns, const Step& step) {
    const TimeNs begin = clock.now();
    TimeNs spent = 0, longest = 0;
    do {
        const TimeNs before = spent;
        if (step()) return true;
        spent = clock.now() - begin;
        longest = std::max(longest, spent - before);
        // Under a clock that stands still a turn would not end: there it is one slice.
    } while (spent > 0 && spent + longest < slice_ns);
    return false;
}

/// Towards the commit or back, whichever the migration is at. All calls [world].
class MigrationSlices {
public:
    static constexpr std::uint64_t slice_rows = 4096;  ///< between two looks at the clock

    /// Lets the pool touch the memory that the rows will take. All outlive this.
    MigrationSlices(ecs::Migration& migration, route::Surroundings& surroundings,
                    const route::PostToRoom& post_here, TimeNs now);

    /// No longer than `slice_ns`, but for one slice. True when nothing is left that is worth the
    /// wait.
    Result<bool> step(TimeNs now, TimeNs slice_ns);
    /// Nothing to do until the pool is ready; once a millisecond is often enough to look.
    bool waits() const noexcept { return ahead_ != nullptr; }

private:
    static constexpr TimeNs touch_max_ns = ns_per_s;  // then it goes on without

    bool memory_is_ready(TimeNs now);

    ecs::Migration& migration_;
    const core::Clock& clock_;
    TimeNs since_ = 0;
    std::shared_ptr<ecs::PagesAhead> ahead_;  ///< while the pool touches it
};

}  // namespace gantry::world
