#include "host/app/canary_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "host/ecs/migration.h"

namespace gantry::app {
namespace {

Error with_advice(const Error& error) {
    return {
        error.status,
        error.message + "; keep that layout, or mark the field .converted and write up() for it"};
}

bool changes(const ecs::MigrationPlan& plan, const ecs::RowSample& sample) {
    return std::any_of(plan.changes.begin(), plan.changes.end(),
                       [&](const auto& one) { return one.before.name == sample.component; });
}

}  // namespace

Result<Done> try_migration(ecs::World& components, std::uint32_t owner,
                           std::span<const ecs::RowSample> live,
                           const std::function<void(std::string_view step)>& at) {
    at("the migration of its components");
    const auto plan = components.plan_migration(owner);
    if (!plan) return with_advice(plan.error());
    if (plan->empty()) return Done{};
    std::vector<Entity> entities;
    for (const ecs::RowSample& sample : live) {
        if (!changes(*plan, sample)) continue;
        const auto made = ecs::put_rows(components, sample);
        entities.insert(entities.end(), made.begin(), made.end());
    }
    {
        const auto migration = components.prepare(*plan);
        if (!migration) return with_advice(migration.error());
        at(fmt::format("the conversion of {} rows of the live world, its up()", entities.size()));
        for (bool all = entities.empty(); !all;) {
            const auto done = (*migration)->advance(entities.size());
            if (!done) return done.error();
            all = *done;
        }
    }
    (void)components.destroy(entities);
    return Done{};
}

}  // namespace gantry::app
