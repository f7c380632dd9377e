// The steps of WorldDriver that change layouts, and take the change back.
#include "tests/unit/ecs/world_model.h"

namespace gantry::test {
namespace {

constexpr std::uint32_t layout_versions = 4;

/// `values` in another layout: by name, else as `before` had it, else the default.
Values carried(const Values& values, const Layout& to, const Values* before) {
    Values out = defaults(to);
    for (auto& [name, value] : out) {
        if (values.count(name) > 0) {
            value = values.at(name);
        } else if (before != nullptr) {
            value = before->at(name);
        }
    }
    return out;
}

/// True when a plan from one to the other would have to narrow a field.
bool loses(const Layout& from, const Layout& to) {
    for (const FieldDesc& before : from.fields) {
        const FieldDesc* const after = find_field(to, std::string{before.name.view()});
        if (after != nullptr && field_kind_bytes(after->kind) < field_kind_bytes(before.kind))
            return true;
    }
    return false;
}

}  // namespace

void WorldDriver::migrate() {
    if (migration_ != nullptr) {
        if (choices_.below(3) == 0) return end_migration();
        if (auto begun = migration_->begin_rollback({}, rest()); !begun)
            wrong(begun.error().message);
        returning_ = true;
        return;
    }
    if (prepared_ != nullptr) return commit_migration();
    const std::uint32_t version = choices_.below(layout_versions);
    std::vector<Layout> next = layouts_;
    for (const std::uint32_t index : {in_table, in_sparse, as_resource}) {
        next[index] = changing_layout(layouts_[index].name, version, layouts_[index].storage);
    }
    std::vector<std::vector<std::byte>> bytes;
    std::vector<ComponentDesc> descs;
    for (const std::uint32_t index : {in_table, in_sparse, as_resource}) {
        bytes.push_back(bytes_of(next[index], defaults(next[index])));
        descs.push_back(describe(next[index], 1, bytes.back().data()));
    }
    const std::uint32_t leaving[] = {driver_owner};
    auto plan = world_.plan_migration(descs, leaving);
    if (plan.has_value() == loses(layouts_[in_table], next[in_table])) {
        return wrong("a plan that loses is taken, or a good one not");
    }
    if (!plan) return;
    auto prepared = world_.prepare(*plan);
    if (!prepared) return wrong(prepared.error().message);
    prepared_ = std::move(*prepared);
    next_layouts_ = std::move(next);
}

ecs::Rest WorldDriver::rest() {
    return choices_.below(2) == 0 ? ecs::Rest::at_once : ecs::Rest::on_touch;
}

/// A slice of a migration between two steps, as a world's turn takes one.
void WorldDriver::advance_migration() {
    if (choices_.below(4) == 0) (void)world_.settle(1 + choices_.below(200));
    if (settling_ != nullptr && settling_->settled()) settling_.reset();
    ecs::Migration* const under_way = returning_ ? migration_.get() : prepared_.get();
    if (under_way == nullptr || choices_.below(2) == 0) return;
    const auto done = under_way->advance(1 + choices_.below(200));
    if (!done) wrong(done.error().message);
}

void WorldDriver::commit_migration() {
    auto prepared = std::move(prepared_);
    const std::vector<Layout> next = next_layouts_;
    if (choices_.below(4) == 0) return;  // dropped: nothing has happened
    if (auto done = prepared->commit(rest()); !done) return wrong(done.error().message);
    kept_ = {model_, layouts_, resource_};
    const auto carry = [&](Values& values, std::uint32_t index) {
        values = carried(values, next[index], nullptr);
    };
    for (auto& [entity, modelled] : model_) {
        for (auto& [index, values] : modelled.components) {
            if (index == in_table || index == in_sparse) carry(values, index);
        }
    }
    carry(resource_, as_resource);
    layouts_ = next;
    changed_.erase(in_table);
    changed_.erase(in_sparse);
    migration_ = std::move(prepared);
}

void WorldDriver::end_migration() {
    auto migration = std::move(migration_);
    returning_ = false;
    if (choices_.below(2) == 0) return migration->accept();
    if (auto back = migration->rollback({}, rest()); !back) return wrong(back.error().message);
    const auto carry = [&](Values& values, std::uint32_t index, const Values* before) {
        values = carried(values, kept_.layouts[index], before);
    };
    for (auto& [entity, modelled] : model_) {
        const auto then = kept_.entities.find(entity);
        for (auto& [index, values] : modelled.components) {
            if (index != in_table && index != in_sparse) continue;
            const bool had =
                then != kept_.entities.end() && then->second.components.count(index) > 0;
            carry(values, index, had ? &then->second.components.at(index) : nullptr);
        }
    }
    settling_ = std::move(migration);
    carry(resource_, as_resource, &kept_.resource);
    layouts_ = kept_.layouts;
    changed_.erase(in_table);
    changed_.erase(in_sparse);
}

}  // namespace gantry::test
