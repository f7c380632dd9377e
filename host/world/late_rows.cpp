#include "host/world/late_rows.h"

#include <algorithm>
#include <utility>

#include "host/world/instance.h"
#include "host/world/migration_slices.h"
#include "host/world/swap.h"

namespace gantry::world {

void LateRows::settle() {
    if (settled()) return gone_back_.clear();
    for_a_slice(clock_, ns_per_ms, [this] { return world_.settle(MigrationSlices::slice_rows); });
}

void LateRows::keep(std::unique_ptr<ecs::Migration> migration) {
    if (!migration->settled()) gone_back_.push_back(std::move(migration));
}

ecs::Rest rest_of_rows(std::span<const std::unique_ptr<WorldInstance>> serving,
                       std::span<const Exchange> changes) {
    const auto heeds = [](const auto& one) {
        return one == nullptr || one->options().heeds_layout_version;
    };
    const bool all = std::all_of(serving.begin(), serving.end(), heeds) &&
                     std::all_of(changes.begin(), changes.end(),
                                 [&](const Exchange& change) { return heeds(change.in); });
    return all ? ecs::Rest::on_touch : ecs::Rest::at_once;
}

}  // namespace gantry::world
