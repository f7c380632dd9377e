// World: what happens without a message: timers, events, ticks, tasks.
#include <algorithm>

#include "host/core/log.h"
#include "host/world/call.h"
#include "host/world/connection_component.h"
#include "host/world/world.h"

namespace gantry::world {

void World::poll(TimeNs now) {
    now_ = now;
    settle_faults();
    step_rollbacks();
    std::erase_if(swaps_, [now](const auto& swap) { return swap->step(now); });
    if (frozen()) return;
    late_rows_.settle();
    run_deferred();
    if (!holding() && !held_.empty()) release_held();
    timers_.advance(now, [this](const sched::Timer& timer, bool last) { fire_timer(timer, last); });
    services_.poll(now);
    run_ticks();
    run_posted();
}

TimeNs World::next_due() const noexcept {
    TimeNs due = sched::never;
    for (const auto& swap : swaps_) due = std::min(due, swap->next_due());
    for (const Replaced& one : replaced_) {
        if (one.slices != nullptr) due = std::min(due, one.slices->waits() ? now_ + ns_per_ms : 0);
    }
    if (frozen()) return due;
    due = std::min({due, timers_.next_due(), services_.next_due()});
    if (tick_step_ != 0) due = std::min(due, next_tick_);
    if (!late_rows_.settled()) return 0;
    if (!posted_.empty() || !deferred_.empty() || (!held_.empty() && !holding())) return 0;
    return due;
}

void World::run_ticks() {
    if (tick_step_ == 0) return;
    std::uint32_t steps = 0;
    while (now_ >= next_tick_) {
        if (steps == config_.catch_up_steps_max) {
            const auto missed = static_cast<std::uint64_t>((now_ - next_tick_) / tick_step_ + 1);
            counters_.ticks_slipped += missed;
            next_tick_ += static_cast<TimeNs>(missed) * tick_step_;
            return;
        }
        next_tick_ += tick_step_;
        ++steps;
        run_tick();
    }
}

void World::run_tick() {
    const TimeNs begin = surroundings_.clock().now();
    ++tick_.number;
    tick_.now = now_;
    ++counters_.ticks;
    update_connections();
    for (const auto& instance : instances_) instance->vitals().add(instance->vitals().ticks, 1);
    for (const Stage stage : {Stage::receive, Stage::update, Stage::send, Stage::cleanup}) {
        run_stage(stage, tick_);
        run_posted();
    }
    events_.clear();
    event_payloads_.clear();
    (void)ecs_.mark();
    counters_.tick_ns_last = surroundings_.clock().now() - begin;
    counters_.tick_ns_max = std::max(counters_.tick_ns_max, counters_.tick_ns_last);
    tick_times_.add(counters_.tick_ns_last);
}

void World::run_stage(Stage stage, const Tick& tick) {
    for (const sched::System& system : tables_->graph.stage(stage)) {
        WorldInstance* const instance = find_owner(system.owner->id);
        call_beside(*instance, surroundings_.clock(), core::CallKind::system, system.name,
                    [&] { system.run(system.context, &tick); });
    }
    // Structural changes wait for the end of the stage.
    for (const auto& instance : instances_) apply_commands(*instance);
}

void World::fire_timer(const sched::Timer& timer, bool last) {
    if (timer.kind == sched::TimerKind::task) return resume_task(timer.owner, timer.value);
    TimerFire fire;
    fire.timer = timer.id;
    const std::string_view key = plain_key(timer.key);
    fire.key = key;
    fire.payload = Bytes{std::span<const std::byte>{timer.payload}};
    fire.due = timer.due;
    fire.last = last ? 1 : 0;
    WorldInstance* const instance = find_owner(timer.owner);
    if (instance == nullptr) return;
    if (timer.kind == sched::TimerKind::function) {
        call_beside(*instance, surroundings_.clock(), core::CallKind::timer, key,
                    [&] { timer.run(timer.context, &fire); });
    } else {
        const auto found = tables_->timer_handlers.find({timer.owner, timer.handler});
        if (found == tables_->timer_handlers.end()) {
            ++counters_.timers_without_handler;
            log::warn("timer {} wants the handler {}, which {} does not have", key, timer.handler,
                      instance->owner().label);
            return;
        }
        call_beside(*instance, surroundings_.clock(), core::CallKind::timer, timer.handler,
                    [&] { found->second.function(found->second.context, &fire); });
    }
    apply_commands(*instance);
}

// Answers to calls, calls from other rooms, ends of work on the pool: nothing of that may reach a
// plugin between the old ones and the new.
void World::run_here(std::function<void()> work) {
    if (!frozen() && deferred_.empty()) return work();
    if (deferred_.size() >= config_.posted_events_max) {
        for (const auto& swap : swaps_) {
            if (swap->frozen()) swap->give_up("more work came than may wait for it");
        }
        end_standstills();
        run_deferred();
        return work();
    }
    deferred_.push_back(std::move(work));
    ++counters_.held;
}

void World::run_deferred() {
    while (!deferred_.empty() && !frozen()) {
        const std::function<void()> work = std::move(deferred_.front());
        deferred_.pop_front();
        work();
    }
}

bool World::post_event(std::string_view name, Bytes payload, std::uint32_t poster) {
    if (posted_.size() >= config_.posted_events_max) {
        ++counters_.refused_events;
        return false;
    }
    posted_.push_back({std::string{name}, {payload.data, payload.data + payload.size}, poster});
    return true;
}

// What a subscriber posts comes at the next stage, so that nobody can keep a turn from ending.
void World::run_posted() {
    if (posted_.empty()) return;
    posted_running_.swap(posted_);
    for (const PostedEvent& event : posted_running_) {
        poster_ = event.poster;
        deliver(event.name, Bytes{std::span<const std::byte>{event.payload}}, true);
    }
    poster_ = 0;
    posted_running_.clear();
}

// The time of what is emitted is with the call that did so.
void World::deliver(std::string_view name, Bytes payload, bool posted) {
    const auto found = tables_->subscribers.find(name);
    if (found == tables_->subscribers.end()) return;
    for (const auto& subscriber : found->second) {
        const auto body = [&] { subscriber.function(subscriber.context, name, payload); };
        if (posted) {
            call_beside(*subscriber.instance, surroundings_.clock(), core::CallKind::event, name,
                        body);
        } else {
            call_plugin(*subscriber.instance, core::CallKind::event, name, body);
        }
    }
}

// Once a tick and not once a message: the component is for systems and the inspector.
void World::update_connections() {
    for (const SessionId id : sessions_.ids()) {
        const WorldSession* const session = sessions_.find(id);
        update_connection(ecs_, connection_component_, *session, sessions_.messages_out(*session));
    }
}

}  // namespace gantry::world
