// WorldInstance as "gantry.schedule/1" and "gantry.task_restart/1".
#include <fmt/format.h>

#include <optional>

#include "host/core/log.h"
#include "host/platform/given.h"
#include "host/world/call.h"
#include "host/world/instance.h"
#include "host/world/world.h"

namespace gantry::world {
namespace {

/// Keys of one plugin never meet those of another.
std::string full_key(const core::Owner& owner, std::string_view key) {
    std::string full = owner.plugin;
    full.push_back('\0');
    full += key;
    return full;
}

void look_at_texts(const Str* list, std::uint32_t count) {
    platform::look_at_list(list, count);
    for (std::uint32_t i = 0; i < count; ++i) platform::look_at(list[i]);
}

std::vector<std::string> texts(const Str* list, std::uint32_t count) {
    std::vector<std::string> out;
    for (std::uint32_t i = 0; i < count; ++i) out.emplace_back(list[i].view());
    return out;
}

}  // namespace

Status WorldInstance::system(const SystemDesc* desc) noexcept {
    if (!at_home("system")) return Status::refused;
    platform::look_at_one(desc);
    platform::look_at(desc->name);
    platform::look_at_list(desc->reads, desc->read_count);
    platform::look_at_list(desc->writes, desc->write_count);
    look_at_texts(desc->before, desc->before_count);
    look_at_texts(desc->after, desc->after_count);
    if (desc->run == nullptr || started_) return Status::invalid;
    if (static_cast<std::size_t>(desc->stage) >= sched::stage_count) return Status::invalid;
    if (full()) return Status::limit;
    Ledger::System system;
    system.name = desc->name.view();
    system.stage = desc->stage;
    system.run = desc->run;
    system.context = desc->context;
    system.reads.assign(desc->reads, desc->reads + desc->read_count);
    system.writes.assign(desc->writes, desc->writes + desc->write_count);
    system.before = texts(desc->before, desc->before_count);
    system.after = texts(desc->after, desc->after_count);
    ledger_.systems.push_back(std::move(system));
    return Status::ok;
}

Tick WorldInstance::tick() noexcept { return world_.tick_; }

std::uint32_t WorldInstance::network_events(const NetworkEvent** out) noexcept {
    if (!at_home("network_events")) return 0;
    platform::look_into_one(out);
    *out = world_.events_.data();
    return static_cast<std::uint32_t>(world_.events_.size());
}

Status WorldInstance::on_timer(Str handler, TimerFunction run, void* context) noexcept {
    if (!at_home("on_timer")) return Status::refused;
    platform::look_at(handler);
    if (full()) return Status::limit;
    for (const auto& known : ledger_.timer_handlers) {
        if (known.name == handler.view()) return Status::already_exists;
    }
    ledger_.timer_handlers.push_back({std::string{handler.view()}, run, context});
    return Status::ok;
}

std::uint64_t WorldInstance::timer(Str key, Str handler, Bytes payload, TimeNs delay, TimeNs every,
                                   std::int32_t repeat) noexcept {
    if (!at_home("timer")) return 0;
    platform::look_at(key, handler, payload);
    const std::string full = full_key(owner_, key);
    sched::TimerSpec spec;
    spec.owner = owner_.id;
    spec.key = full;
    spec.handler = handler;
    spec.payload = payload;
    spec.delay = delay;
    spec.every = every;
    spec.repeat = repeat;
    const auto added = world_.timers_.add(world_.now_, spec);
    return added ? *added : 0;
}

std::uint64_t WorldInstance::timer_private(Str key, TimerFunction run, void* context, TimeNs delay,
                                           TimeNs every, std::int32_t repeat) noexcept {
    if (!at_home("timer_private")) return 0;
    platform::look_at(key);
    const std::string full = full_key(owner_, key);
    sched::TimerSpec spec;
    spec.owner = owner_.id;
    spec.kind = sched::TimerKind::function;
    spec.key = full;
    spec.run = run;
    spec.context = context;
    spec.delay = delay;
    spec.every = every;
    spec.repeat = repeat;
    const auto added = world_.timers_.add(world_.now_, spec);
    return added ? *added : 0;
}

std::uint32_t WorldInstance::cancel_key(Str key) noexcept {
    if (!at_home("cancel_key")) return 0;
    platform::look_at(key);
    return world_.timers_.cancel_key(full_key(owner_, key));
}

Status WorldInstance::cancel_timer(std::uint64_t timer) noexcept {
    if (!at_home("cancel_timer")) return Status::refused;
    return world_.timers_.cancel(timer) ? Status::ok : Status::not_found;
}

std::uint64_t WorldInstance::task_begin(const TaskDesc* desc) noexcept {
    if (!at_home("task_begin")) return 0;
    platform::look_at_one(desc);
    platform::look_at(desc->name, desc->file);
    if (ledger_.tasks.size() >= options_.tasks_max) return 0;
    Ledger::Task task{};
    task.id = world_.next_task_++;
    task.name = desc->name.view();
    task.where = fmt::format("{}:{}", desc->file.view(), desc->line);
    task.since = world_.now_;
    task.resume = desc->resume;
    task.destroy = desc->destroy;
    task.frame = desc->frame;
    task.request = world_.requests_.begun(owner_.id);
    ledger_.tasks.emplace(task.id, task);
    return task.id;
}

void WorldInstance::task_end(std::uint64_t id) noexcept {
    const auto found = ledger_.tasks.find(id);
    if (found == ledger_.tasks.end()) return;
    if (found->second.request.session) world_.requests_.ended(found->second.request);
    ledger_.tasks.erase(found);
}

Status WorldInstance::task_after(std::uint64_t id, TimeNs delay) noexcept {
    if (!at_home("task_after")) return Status::refused;
    const auto found = ledger_.tasks.find(id);
    if (found == ledger_.tasks.end()) return Status::not_found;
    sched::TimerSpec spec;
    spec.kind = sched::TimerKind::task;
    spec.owner = owner_.id;
    spec.value = id;
    spec.delay = delay;
    const auto added = world_.timers_.add(world_.now_, spec);
    if (!added) return added.error().status;
    found->second.timer = *added;
    return Status::ok;
}

Status WorldInstance::restart(std::uint64_t id, Str handler, Bytes payload) noexcept {
    if (!at_home("restart")) return Status::refused;
    platform::look_at(handler, payload);
    const auto found = ledger_.tasks.find(id);
    if (found == ledger_.tasks.end()) return Status::not_found;
    if (handler.size == 0) return Status::invalid;
    found->second.restart = handler.view();
    found->second.argument = payload.text();
    return Status::ok;
}

Status WorldInstance::task_offload(std::uint64_t id, void (*work)(void* context) noexcept,
                                   void* context) noexcept {
    if (!at_home("task_offload")) return Status::refused;
    const auto found = ledger_.tasks.find(id);
    if (found == ledger_.tasks.end()) return Status::not_found;
    struct Work {
        core::Owner owner;
        LibraryRef library;  // must not leave while its code runs on the pool
        bool contained;
        std::optional<platform::Fault> fault{};
    };
    const auto job = std::make_shared<Work>(Work{owner_, library_, options_.contain});
    const Status status = world_.surroundings_.offload(
        [work, context, job] {
            route::guarded_call(
                job->owner, job->contained, core::CallKind::work, [&] { work(context); },
                [&](const platform::Fault& fault) { job->fault = fault; });
            job->library.reset();
        },
        [&world = world_, id, job] {
            world.work_ended(job->owner, id, job->fault ? &*job->fault : nullptr);
        },
        world_.post_here_);
    found->second.offloaded = status == Status::ok;
    return status;
}

}  // namespace gantry::world
