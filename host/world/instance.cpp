#include "host/world/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/core/log.h"
#include "host/platform/given.h"
#include "host/route/blame.h"
#include "host/route/registrations.h"
#include "host/world/call.h"
#include "host/world/world.h"

namespace gantry::world {

WorldInstance::WorldInstance(World& world, core::Owner owner, Plugin* plugin, LibraryRef library,
                             InstanceOptions options, std::span<const std::uint32_t> replaces)
    : Lent{"an interface of " + owner.label},
      world_{world},
      owner_{std::move(owner)},
      plugin_{plugin},
      library_{std::move(library)},
      options_{std::move(options)},
      numbers_{world.services_.protected_of(owner_.plugin)},
      thread_{world.home_} {
    ecs_ = &world_.ecs_.open(owner_.id, owner_.label, replaces);
    ecs_data_ = &world_.ecs_.data();
    commands_ = &world_.ecs_.commands(owner_.id);
}

WorldInstance::~WorldInstance() {
    stop();
    cancel_tasks();  // that it began in there
    world_.timers_.cancel_all(owner_.id);
    // What a parked one has on the heap stays there: its destructors could fault again.
    call_plugin(*this, core::CallKind::start, "destroy", [this] { plugin_->destroy(); });
    world_.services_.gone(owner_.id);
    world_.ecs_.release_owner(owner_.id);
}

Status WorldInstance::start() {
    Status status = Status::internal;
    call_plugin(*this, core::CallKind::start, "start", [&] { status = plugin_->start(*this); });
    started_ = status == Status::ok;
    return status;
}

void WorldInstance::stop() {
    const bool started = std::exchange(started_, false);
    cancel_tasks();
    cancel_calls();
    if (started) call_plugin(*this, core::CallKind::start, "stop", [this] { plugin_->stop(); });
}

bool WorldInstance::has_tasks_to_end() const noexcept {
    return std::any_of(ledger_.tasks.begin(), ledger_.tasks.end(), [](const auto& entry) {
        const Ledger::Task& task = entry.second;
        return !task.cancelled && (task.offloaded || task.restart.empty());
    });
}

bool WorldInstance::works_on_pool() const noexcept {
    return std::any_of(ledger_.tasks.begin(), ledger_.tasks.end(),
                       [](const auto& entry) { return entry.second.offloaded; });
}

void WorldInstance::cancel_tasks(bool only_restarts) {
    // Destroying a frame may begin or end others; look anew each time.
    for (;;) {
        const auto next =
            std::find_if(ledger_.tasks.begin(), ledger_.tasks.end(), [&](const auto& entry) {
                const Ledger::Task& task = entry.second;
                if (task.cancelled && !world_.pool_has_ended_) return false;
                return !only_restarts || !(task.offloaded || task.restart.empty());
            });
        if (next == ledger_.tasks.end()) return;
        cancel_task(next->first);
    }
}

// Work on the pool runs in the frame: that has to stay until the work has come back. Who waits for
// an answer need not.
void WorldInstance::cancel_task(std::uint64_t id) {
    const auto found = ledger_.tasks.find(id);
    if (found == ledger_.tasks.end()) return;
    const Ledger::Task task = found->second;
    const bool stays = task.offloaded && !world_.pool_has_ended_;
    if (stays) {
        found->second.cancelled = true;
    } else {
        ledger_.tasks.erase(found);
    }
    if (!task.cancelled) {
        if (task.timer != 0) world_.timers_.cancel(task.timer);
        if (started_ && !task.restart.empty()) {
            const Bytes argument{std::string_view{task.argument}};
            (void)timer(task.restart, task.restart, argument, 0, 0, 0);
        }
    }
    if (!stays) {
        call_plugin(*this, core::CallKind::task, task.name, [&] { task.destroy(task.frame); });
    }
    if (!task.request.session || task.cancelled) return;
    if (const auto request = world_.requests_.dropped(task.request)) fail_request(*request);
}

void WorldInstance::cancel_calls() {
    world_.services_.leave(owner_.id, [this](const auto& body) {
        call_plugin(*this, core::CallKind::service, "answer", body);
    });
}

void WorldInstance::fail_requests() {
    for (const auto& request : world_.requests_.drop_all(owner_.id)) fail_request(request);
}

void WorldInstance::fail_request(const WaitingRequests::Request& request) {
    world_.fail(request, parked_ ? Status::internal : Status::unavailable,
                fmt::format("{} of {}: {}", request.handler, owner_.label,
                            parked_ ? "ended by a fault" : "cancelled, for that version left"));
}

bool WorldInstance::stray(const char* call) noexcept {
    if (!strayed_.exchange(true)) world_.stray(owner_.id, call);
    return false;
}

void WorldInstance::left_by(const platform::Fault& fault, core::CallKind kind,
                            std::string_view what, std::uint32_t loops_before) {
    world_.ecs_.data().loops = loops_before;
    // A call from plugin to plugin has no guard of its own. One that does not serve yet is new,
    // too.
    const auto is_new = [this](const std::string& label) {
        if (label == owner_.label) {
            return world_.find_owner(owner_.id) != this ||
                   world_.find_replaced(owner_.plugin) != nullptr;
        }
        const WorldInstance* const one = world_.find_label(label);
        return one != nullptr && world_.find_replaced(one->owner_.plugin) != nullptr;
    };
    const WorldInstance* const poster = world_.find_owner(world_.poster_);
    const route::Blame blame = route::to_blame(
        fault, owner_.label, poster != nullptr ? poster->owner_.label : std::string{}, is_new);
    WorldInstance* const other =
        blame.label == owner_.label ? nullptr : world_.find_label(blame.label);
    WorldInstance* const blamed = other != nullptr ? other : this;
    blamed->parked_ = true;
    blamed->commands_->clear();
    commands_->clear();
    if (WorldInstance* const inside = world_.find_label(blame.inside)) inside->commands_->clear();
    world_.faulted_ = true;
    if (fault.late) return;
    route::FaultReport report =
        route::fault_report(fault, kind, what, "world " + world_.config_.name);
    report.inside = blame.inside;
    world_.surroundings_.faulted(blamed->owner_, report);
}

void* WorldInstance::query(Str interface_id) noexcept {
    platform::look_at(interface_id);
    const std::string_view id = interface_id.view();
    if (id == Runtime::interface_id) return static_cast<Runtime*>(this);
    if (id == Net::interface_id) return static_cast<Net*>(this);
    if (id == Schedule::interface_id) return static_cast<Schedule*>(this);
    if (id == Services::interface_id) return static_cast<Services*>(this);
    if (id == ServiceTypes::interface_id) return static_cast<ServiceTypes*>(this);
    if (id == Events::interface_id) return static_cast<Events*>(this);
    if (id == Groups::interface_id) return static_cast<Groups*>(this);
    if (id == Protected::interface_id) return static_cast<Protected*>(this);
    if (id == TaskRestart::interface_id) return static_cast<TaskRestart*>(this);
    if (id == SessionEvents::interface_id) return static_cast<SessionEvents*>(this);
    if (id == Ecs::interface_id) return ecs_;
    return nullptr;
}

void WorldInstance::log(LogLevel level, Str text) noexcept {
    platform::look_at(text);
    const log::Scope who{owner_.label.c_str()};
    log::write(static_cast<log::Level>(level), text);
}

TimeNs WorldInstance::now() noexcept { return world_.now_; }
TimeNs WorldInstance::wall_now() noexcept { return world_.surroundings_.clock().wall_now(); }
std::uint64_t WorldInstance::random() noexcept { return world_.random_.next(); }

InstanceInfo WorldInstance::self() noexcept {
    InstanceInfo info;
    info.plugin = std::string_view{owner_.plugin};
    info.version = std::string_view{owner_.version};
    info.generation = owner_.generation;
    info.facet = Facet::world;
    info.world = world_.config_.id;
    info.world_name = std::string_view{world_.config_.name};
    return info;
}

bool WorldInstance::full() noexcept {
    return route::registers_too_much(ledger_.registrations(), owner_.label, told_full_);
}

void WorldInstance::report_failure(Str where, Str what) noexcept {
    platform::look_at(where, what);
    vitals().add(vitals().failures, 1);
    world_.surroundings_.failed(owner_, where, what);
}

}  // namespace gantry::world
