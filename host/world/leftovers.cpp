#include "host/world/leftovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/world/world.h"

namespace gantry::world {
namespace {

const char* fate_of_task(const Ledger::Task& task, Fate fate) {
    const bool waited_for = task.offloaded || task.restart.empty();
    switch (fate) {
        case Fate::none:
            return task.cancelled ? ": cancelled, its frame stays until that has ended" : "";
        case Fate::cancelled:
            return task.offloaded ? ": cancelled, its frame stays until that has ended"
                                  : ": cancelled";
        case Fate::given_up_for:
            return waited_for ? ": the swap was given up for it" : ": goes on";
        case Fate::goes_on:
            return ": goes on";
        case Fate::replaced:
            return ": begun again by the new version";
    }
    return "";
}

/// Those that a swap would wait for, or the others; all when there is no choice to make.
bool concerns(const Ledger::Task& task, Fate fate) {
    const bool waited_for = task.offloaded || task.restart.empty();
    if (fate == Fate::none) return true;
    if (task.cancelled) return false;
    if (fate == Fate::cancelled) return waited_for;
    return fate != Fate::replaced || !waited_for;
}

const char* fate_of_call(Fate fate) {
    if (fate == Fate::cancelled) return ": cancelled";
    if (fate == Fate::given_up_for) return ": the swap was given up for it";
    return fate == Fate::goes_on ? ": goes on" : "";
}

}  // namespace

// The list is for people: a plugin with thousands of tasks must not fill the report.
std::vector<std::string> Leftovers::lines(Fate fate) const {
    constexpr std::size_t lines_max = 32;
    std::vector<std::string> list;
    add_tasks(fate, list);
    if (fate == Fate::replaced) {
        add_private_timers(list);
    } else {
        for (const auto& call : world_.services_.waits(instance_.owner().id, now_)) {
            list.push_back(call + fate_of_call(fate));
        }
    }
    if (list.size() > lines_max) {
        const std::size_t more = list.size() - lines_max;
        list.resize(lines_max);
        list.push_back(fmt::format("and {} more", more));
    }
    for (std::string& line : list) line = fmt::format("{}: {}", instance_.owner().label, line);
    return list;
}

void Leftovers::add_tasks(Fate fate, std::vector<std::string>& list) const {
    std::vector<const Ledger::Task*> tasks;
    for (const auto& [id, task] : instance_.ledger().tasks) {
        if (concerns(task, fate)) tasks.push_back(&task);
    }
    std::sort(tasks.begin(), tasks.end(), [](auto* a, auto* b) { return a->id < b->id; });
    for (const Ledger::Task* const task : tasks) {
        list.push_back(fmt::format("task {} {} at {} for {} ms{}", task->name,
                                   task->offloaded ? "works" : "waits", task->where,
                                   (now_ - task->since) / ns_per_ms, fate_of_task(*task, fate)));
    }
}

// Those with a handler's name are the new version's from then on.
void Leftovers::add_private_timers(std::vector<std::string>& list) const {
    struct Timers {
        std::uint32_t count = 0;
        TimeNs due = sched::never;
    };
    std::map<std::string, Timers, std::less<>> by_key;
    world_.timers_.each(instance_.owner().id, sched::TimerKind::function,
                        [&](const sched::Timer& timer) {
                            Timers& same = by_key[std::string{plain_key(timer.key)}];
                            ++same.count;
                            same.due = std::min(same.due, timer.due);
                        });
    for (const auto& [key, timers] : by_key) {
        list.push_back(fmt::format(
            "private timer {}{}, due in {} ms: ends with this version", key,
            timers.count == 1 ? std::string{} : fmt::format(" ({} of them)", timers.count),
            std::max<TimeNs>(timers.due - now_, 0) / ns_per_ms));
    }
}

}  // namespace gantry::world
