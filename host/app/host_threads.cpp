// Host: its threads, how one that is stuck is replaced, and how all of them end.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "host/app/host.h"
#include "host/core/log.h"
#include "host/platform/held_threads.h"
#include "host/platform/processors.h"
#include "host/route/blame.h"
#include "host/route/guarded_call.h"

namespace gantry::app {
namespace {

constexpr TimeNs sleep_max = 10 * ns_per_s;
constexpr TimeNs end_grace = 2 * ns_per_s;  // for threads, when connections took all the time

/// "arena@1.0.0#3" taken apart.
core::Owner owner_named(const std::string& label) {
    core::Owner owner;
    owner.label = label;
    const std::size_t at = std::min(label.find('@'), label.size());
    const std::size_t hash = std::min(label.find('#', at), label.size());
    owner.plugin = label.substr(0, at);
    if (hash > at) owner.version = label.substr(at + 1, hash - at - 1);
    if (hash < label.size())
        owner.generation = static_cast<std::uint32_t>(std::atoi(label.c_str() + hash + 1));
    return owner;
}

}  // namespace

Host::~Host() {
    if (!processors_before_.empty()) platform::run_on(processors_before_);
    const TimeNs patience = stopping_ ? 0 : manifest_.limits.shutdown_ms * ns_per_ms;
    if (run_threads_down(clock_.now() + patience)) return;
    // What they are in cannot be destroyed under them, so nothing is.
    log::error("the process ends without them");
    std::_Exit(EXIT_FAILURE);
}

void Host::begin_room_thread(WatchedThread& watched) const {
    platform::name_thread(watched.name.c_str());
    platform::take_short_turns();
    if (!manifest_.room_processors.empty()) platform::run_on(manifest_.room_processors);
    watched.begin();
}

template <class Turn>
void Host::drive(const std::string& name, Turn turn) {
    WatchedThread& watched = watchdog_.add(name);
    threads_.push_back({&watched, std::thread{[this, turn, &watched] {
                            begin_room_thread(watched);
                            while (!stopping_) turn(clock_.now());
                            watched.end();
                            wake_control();
                        }}});
}

void Host::drive_worker(std::uint32_t index, bool takes_over) {
    std::string name = fmt::format("worker-{}", index);
    if (takes_over) name += fmt::format("-{}", ++replaced_);
    WatchedThread& watched = watchdog_.add(std::move(name));
    const auto run = [this, &watched, takes_over, &worker = *workers_[index]] {
        begin_room_thread(watched);
        watched.thread->drives(
            [](void* room) noexcept { return static_cast<world::Worker*>(room)->let_go(); },
            &worker);
        if (takes_over) worker.take_over();
        while (!stopping_ && !watched.let_go()) {
            const TimeNs now = clock_.now();
            if (!worker.poll(now)) worker.wait(now, sleep_max);
        }
        watched.end();
        wake_control();
    };
    threads_.push_back({&watched, std::thread{run}, static_cast<std::int32_t>(index)});
}

void Host::start_threads() {
    for (auto& shard : shards_) {
        drive(fmt::format("shard-{}", shard->shard().index()), [room = shard.get()](TimeNs now) {
            if (!room->poll(now)) room->wait(now + sleep_max);
        });
    }
    for (std::uint32_t i = 0; i < workers_.size(); ++i) drive_worker(i, false);
    drive("service", [this](TimeNs now) {
        if (!service_->poll(now)) service_->wait(now, sleep_max);
    });
    std::vector<WatchedThread*> watched;
    for (std::uint32_t i = 0; i < options_.pool_threads; ++i) {
        watched.push_back(&watchdog_.add(fmt::format("pool-{}", i)));
        threads_.push_back({watched.back()});
    }
    pool_.start(options_.pool_threads, [this, watched](std::uint32_t i, const auto& run) {
        platform::name_thread(watched[i]->name.c_str());
        watched[i]->begin();
        run();
        watched[i]->end();
        wake_control();
    });
    if (!acceptor_) return;
    drive("acceptor", [this](TimeNs now) {
        if (!acceptor_->poll(now)) acceptor_->wait(now + sleep_max);
    });
}

std::function<bool(const std::string& label)> Host::newness() const {
    return [plugins = plugins_->snapshot().plugins](const std::string& label) {
        const core::Owner owner = owner_named(label);
        return std::any_of(plugins.begin(), plugins.end(), [&](const auto& one) {
            return one.name == owner.plugin && one.generation == owner.generation &&
                   one.state == plugin::PluginState::probation;
        });
    };
}

// Its worker goes on with all worlds but the one that the stuck call is in.
void Host::replace_thread(WatchedThread& thread, const StuckCall& call, const platform::Fault& at) {
    const auto stuck = std::find_if(threads_.begin(), threads_.end(),
                                    [&](const auto& one) { return one.watched == &thread; });
    GANTRY_ASSERT(stuck != threads_.end() && stuck->worker >= 0);
    const auto index = static_cast<std::uint32_t>(stuck->worker);
    const world::WorldConfig& world = workers_[index]->kept();
    stuck->kept = world.id;
    thread.keeps = world.name;

    const route::Blame blame = route::to_blame(at, call.plugin, {}, newness());
    const core::Owner blamed = owner_named(blame.label);
    const std::string sentence =
        fmt::format("world {} is stuck in a {} of {}, which cannot be left", world.name,
                    core::call_kind_name(call.kind), blamed.label);
    rooms_.stuck[world.id.value] = sentence;
    log::error("{}; the other worlds of {} get another thread", sentence, thread.name);
    route::FaultReport report =
        route::fault_report(at, call.kind, "(which cannot be left)", "world " + world.name);
    report.inside = blame.inside;
    plugins_->faulted(blamed, report);
    drive_worker(index, true);
}

// Threads that had let go of their room, and whose call has ended after all.
void Host::take_leave_of_ended() {
    std::erase_if(threads_, [this](Driven& one) {
        if (!one.kept || !one.watched->ended()) return false;
        one.thread.join();
        rooms_.stuck.erase(one.kept.value);
        return true;
    });
}

// Of threads that plugins started: no room has noticed anything.
void Host::take_held_faults() {
    while (const auto fault = platform::take_held_fault()) {
        const route::Blame blame = route::to_blame(*fault, {}, {}, newness());
        const core::Owner blamed = owner_named(blame.label);
        const bool ends =
            std::any_of(manifest_.plugins.begin(), manifest_.plugins.end(), [&](const auto& one) {
                return one.name == blamed.plugin && one.on_fault == manifest::OnFault::die;
            });
        if (ends) platform::die_of(*fault);
        plugins_->faulted(blamed, route::own_thread_report(*fault, blame.inside));
    }
}

bool Host::run_threads_down(TimeNs deadline) {
    stopping_ = true;
    pool_.close();
    for (auto& shard : shards_) shard->wake();
    for (auto& worker : workers_) worker->wake();
    if (service_) service_->wake();
    if (acceptor_) acceptor_->wake();
    const auto runs = [](const Driven& one) { return !one.watched->ended(); };
    const auto waited_for = [&](const Driven& one) { return runs(one) && !one.kept; };
    while (std::any_of(threads_.begin(), threads_.end(), waited_for)) {
        const TimeNs now = clock_.now();
        if (now >= deadline) break;
        control_waker_.sleep(deadline - now);  // each wakes this one at its end
    }
    bool all = true;
    for (const Driven& one : threads_) {
        if (!runs(one)) continue;
        all = false;
        const std::uint64_t call = one.watched->slot.call;
        const std::uint32_t owner = core::CallSlot::owner_of(call);
        const std::string where =
            owner == 0
                ? "the host's own code"
                : fmt::format("a {} of {}", core::call_kind_name(core::CallSlot::kind_of(call)),
                              plugins_->label_of(owner));
        log::error("{} does not end: it is in {}", one.watched->name, where);
    }
    if (!all) return false;
    pool_.stop();
    for (Driven& one : threads_) {
        if (one.thread.joinable()) one.thread.join();
    }
    threads_.clear();
    for (auto& worker : workers_) worker->leave();  // this thread takes it down
    return true;
}

bool Host::shut_down(std::uint32_t deadline_ms) {
    const TimeNs deadline = clock_.now() + deadline_ms * ns_per_ms;
    for (auto& shard : shards_) {
        shard->inbox().post([room = shard.get()] {
            room->shard().stop_listening();
            room->shard().close_all(net::CloseReason::shutdown);
        });
        shard->wake();
    }
    const auto open = [this] {
        return std::any_of(shards_.begin(), shards_.end(),
                           [](const auto& shard) { return shard->shard().load() != 0; });
    };
    while (open() && clock_.now() < deadline) {
        poll_control(clock_.now());
        control_waker_.sleep(5 * ns_per_ms);
    }
    const bool clean = !open();
    return run_threads_down(std::max(deadline, clock_.now() + end_grace)) && clean;
}

}  // namespace gantry::app
