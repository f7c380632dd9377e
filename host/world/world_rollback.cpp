// World: the way back to what a swap has replaced.
#include <algorithm>
#include <array>
#include <utility>

#include "host/core/log.h"
#include "host/world/call.h"
#include "host/world/transfer.h"
#include "host/world/world.h"

namespace gantry::world {
namespace {

constexpr TimeNs slice_ns = ns_per_ms;  // of a turn

}  // namespace

bool World::roll_back(std::string_view plugin, std::string_view reason) {
    Replaced* const found = find_replaced(plugin);
    if (found == nullptr || found->barred) return false;
    for (const auto& one : found->instances) {
        // By a fault on the pool, or by a call that was stuck on its way here: it comes back, for
        // the control room counts on that, and is taken out at once.
        if (one.instance->parked()) faulted_ = true;
        const WorldInstance* const failed = find(one.instance->owner().plugin);
        if (failed == nullptr) return false;
        if (failed->parked()) found->stands_still = true;
    }
    if (found->slices != nullptr) return true;  // on its way
    found->reason = reason;
    return begin_slices(*found, reason) || go_back(*found);
}

// Few rows take less than a slice of many.
bool World::begin_slices(Replaced& replaced, std::string_view reason) {
    ecs::Migration* const migration = replaced.migration.get();
    if (migration == nullptr || migration->rows() <= MigrationSlices::slice_rows) return false;
    std::vector<std::uint32_t> leaving;
    for (const auto& one : replaced.instances) {
        leaving.push_back(find(one.instance->owner().plugin)->owner().id);
    }
    for (const std::string& name : replaced.joined) {
        if (const WorldInstance* const came = find(name)) leaving.push_back(came->owner().id);
    }
    const bool heed =
        std::all_of(replaced.instances.begin(), replaced.instances.end(),
                    [](const auto& one) { return one.instance->options().heeds_layout_version; });
    const auto rest = heed ? rest_of_rows(instances_, {}) : ecs::Rest::at_once;
    if (!migration->begin_rollback(leaving, rest)) return false;  // its end will say why
    for (const auto& one : replaced.instances) {
        log::warn("{} is on its way back to {} in world {}: {}",
                  find(one.instance->owner().plugin)->owner().label, one.instance->owner().label,
                  config_.name, reason);
    }
    replaced.slices =
        std::make_unique<MigrationSlices>(*migration, surroundings_, post_here_, now_);
    return true;
}

void World::step_rollbacks() {
    for (std::size_t i = 0; i < replaced_.size();) {
        Replaced& one = replaced_[i];
        if (one.slices == nullptr) {
            ++i;
            continue;
        }
        // What cannot go on in slices is told by the end of it.
        const auto done = one.slices->step(now_, slice_ns);
        if ((done && !*done) || !go_back(one)) ++i;
    }
}

// More waits already than may: it ends at once.
void World::end_standstills() {
    for (std::size_t i = 0; i < replaced_.size();) {
        if (!replaced_[i].stands_still || !go_back(replaced_[i])) ++i;
    }
}

// False when the way back is barred: what failed goes on, or stays parked.
bool World::go_back(Replaced& replaced) {
    replaced.slices.reset();
    const bool stood_still = std::exchange(replaced.stands_still, false);
    std::vector<Exchange> changes;
    for (auto& one : replaced.instances) {
        WorldInstance* const failed = find(one.instance->owner().plugin);
        log::warn("{} is rolled back to {} in world {}: {}", failed->owner().label,
                  one.instance->owner().label, config_.name, replaced.reason);
        changes.push_back({std::move(one.instance), failed});
    }
    for (const std::string& name : replaced.joined) {
        WorldInstance* const came = find(name);
        if (came == nullptr) continue;
        log::warn("{} leaves world {} again: {}", came->owner().label, config_.name,
                  replaced.reason);
        changes.push_back({nullptr, came});
    }
    auto tables = tables_with(changes);
    if (!tables) {
        log::error("the way back is barred: {}", tables.error().message);
        for (std::size_t i = 0; i < replaced.instances.size(); ++i) {
            replaced.instances[i].instance = std::move(changes[i].in);
        }
        replaced.barred = true;
        faulted_ |= stood_still;  // what stands parked is taken out
        return false;
    }
    Replaced back = std::move(replaced);
    replaced_.erase(replaced_.begin() + (&replaced - replaced_.data()));
    take_back(back, changes);
    std::vector<WorldInstance*> serving;
    for (const Exchange& change : changes) {
        if (change.in != nullptr) serving.push_back(change.in.get());
    }
    publish(std::move(*tables), changes);
    for (WorldInstance* const one : serving) {
        call_plugin(*one, core::CallKind::swap, "resume", [&] {
            one->plugin().resume();
            one->plugin().serve(1);
        });
        apply_commands(*one);
    }
    for (Exchange& change : changes) let_go(std::move(change.in));
    return true;
}

// What players did meanwhile is in the components and, where the failed ones still can say, in
// their private state; else a predecessor keeps what it had.
void World::take_back(Replaced& back, std::span<const Exchange> changes) {
    std::vector<std::unique_ptr<route::StateStore>> states;
    std::vector<std::uint32_t> leaving;
    for (const Exchange& change : changes) {
        WorldInstance& failed = *change.out;
        failed.cancel_tasks();
        failed.fail_requests();
        leaving.push_back(failed.owner().id);
        auto& state = states.emplace_back();
        if (change.in == nullptr) continue;  // nobody is there to take it
        state = std::make_unique<route::StateStore>(failed.owner().label,
                                                    failed.options().state_bytes_max);
        if (save_state(failed, *state) != Saved::yes) state.reset();
    }
    if (back.migration != nullptr) {
        if (auto undone = back.migration->rollback(leaving, rest_of_rows(instances_, changes));
            !undone) {
            log::error("the components stay as they are: {}", undone.error().message);
        }
        late_rows_.keep(std::move(back.migration));
    }
    for (std::size_t i = 0; i < back.instances.size(); ++i) {
        WorldInstance& instance = *changes[i].in;
        if (states[i] != nullptr && restore_state(instance, *states[i])) continue;
        log::warn("{} cannot take over what {} has: it goes on with what it had handed over",
                  instance.owner().label, changes[i].out->owner().label);
        if (!restore_state(instance, *back.instances[i].state)) {
            log::warn("{} cannot read that either: it goes on with what it has",
                      instance.owner().label);
        }
    }
}

// Out of every call, what a fault has parked is replaced by its predecessor, or taken out.
void World::settle_faults() {
    if (!faulted_) return;
    faulted_ = false;
    for (std::size_t i = 0; i < instances_.size();) {
        WorldInstance* const instance = instances_[i].get();
        if (!instance->parked()) {
            ++i;
            continue;
        }
        const std::string plugin = instance->owner().plugin;
        if (roll_back(plugin, "a fault")) {
            if (find(plugin) == instance) ++i;  // in slices: it stays until they are done
            continue;                           // else one looks again at what stands there now
        }
        log::error("{} is parked in world {}: swap in a mended version", instance->owner().label,
                   config_.name);
        give_up(plugin, "the plugin is parked after a fault");
        std::array<Exchange, 1> change{{{nullptr, instance}}};
        auto tables = tables_with(change);
        GANTRY_ASSERT(tables.has_value());  // fewer can only conflict less
        publish(std::move(*tables), change);
        parked_.push_back(std::move(change.front().in));
        parked_.back()->fail_requests();
    }
}

}  // namespace gantry::world
