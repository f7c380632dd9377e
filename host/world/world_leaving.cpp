// World: who does not serve yet or any more, and the end of its tasks.
#include <algorithm>
#include <utility>

#include "host/world/call.h"
#include "host/world/world.h"

namespace gantry::world {

WorldInstance* World::find_candidate(std::uint32_t owner) noexcept {
    for (const auto& swap : swaps_) {
        if (swap == nullptr) continue;  // its place is being closed
        if (WorldInstance* const one = swap->find_candidate(owner)) return one;
    }
    return nullptr;
}

WorldInstance* World::find_left(std::uint32_t owner) noexcept {
    const auto is = [owner](const auto& one) { return one != nullptr && one->owner().id == owner; };
    for (const Replaced& replaced : replaced_) {
        for (const auto& one : replaced.instances) {
            if (is(one.instance)) return one.instance.get();
        }
    }
    for (const auto* const list : {&parked_, &leaving_}) {
        const auto found = std::find_if(list->begin(), list->end(), is);
        if (found != list->end()) return found->get();
    }
    return nullptr;
}

// Work on the pool runs in the frames of its tasks, and these may mention the plugin's object: all
// of it stays until the last of that has come back.
void World::let_go(std::unique_ptr<WorldInstance> gone) {
    if (gone == nullptr) return;
    gone->cancel_tasks();
    if (gone->parked() || !gone->works_on_pool()) return;
    gone->cancel_calls();
    gone->ledger().since = now_;
    leaving_.push_back(std::move(gone));
}

void World::resume_task(std::uint32_t owner, std::uint64_t id) {
    WorldInstance* const serving = find_owner(owner);
    WorldInstance* const candidate = serving == nullptr ? find_candidate(owner) : nullptr;
    WorldInstance* const instance = serving != nullptr     ? serving
                                    : candidate != nullptr ? candidate
                                                           : find_left(owner);
    if (instance == nullptr) return;
    const auto found = instance->ledger().tasks.find(id);
    if (found == instance->ledger().tasks.end()) return;
    found->second.timer = 0;
    found->second.offloaded = false;
    // Who is silent does not go on, and who will serve goes on when it does.
    if (candidate != nullptr) return (void)instance->task_after(id, ns_per_ms);
    if (serving == nullptr || found->second.cancelled) return instance->cancel_task(id);
    const Ledger::Task task = found->second;  // the ledger may move under a call
    call_beside(*instance, surroundings_.clock(), core::CallKind::task, task.name,
                [&] { task.resume(task.frame); });
    apply_commands(*instance);
}

void World::work_ended(const core::Owner& owner, std::uint64_t id, const platform::Fault* fault) {
    if (fault == nullptr) {
        resume_task(owner.id, id);
    } else {
        WorldInstance* instance = find_owner(owner.id);
        if (instance == nullptr) instance = find_candidate(owner.id);
        if (instance == nullptr) instance = find_left(owner.id);
        if (instance == nullptr) {
            surroundings_.faulted(owner, route::fault_report(*fault, core::CallKind::work, "a task",
                                                             "world " + config_.name));
        } else if (!instance->parked()) {
            const auto task = instance->ledger().tasks.find(id);
            const bool known = task != instance->ledger().tasks.end();
            instance->left_by(*fault, core::CallKind::work, known ? task->second.name : "a task",
                              instance->open_loops());
        }
    }
    // Their end calls plugins: they stand nowhere by then.
    const auto gone = std::stable_partition(leaving_.begin(), leaving_.end(), [](const auto& one) {
        return !one->parked() && one->works_on_pool();
    });
    std::vector<std::unique_ptr<WorldInstance>> ended{std::move_iterator{gone},
                                                      std::move_iterator{leaving_.end()}};
    leaving_.erase(gone, leaving_.end());
}

}  // namespace gantry::world
