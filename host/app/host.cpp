#include "host/app/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/app/listener_plan.h"
#include "host/app/plugin_plan.h"
#include "host/core/log.h"
#include "host/net/transport_registry.h"
#include "host/platform/processors.h"

namespace gantry::app {
namespace {

constexpr std::size_t pool_queue_max = 4096;
constexpr std::size_t overflow_bytes_max = 64 * 1024 * 1024;

}  // namespace

Host::Host(manifest::Manifest manifest, const core::Clock& clock, HostOptions options)
    : manifest_{std::move(manifest)},
      clock_{clock},
      options_{std::move(options)},
      order_{options_.seed},
      started_at_{clock.now()},
      events_{clock},
      incidents_{manifest_.incidents.folder, manifest_.incidents.files_max},
      watchdog_{manifest_.incidents.stuck_ms * ns_per_ms},
      watchdog_told_{.label_of = [this](auto owner) { return plugins_->label_of(owner); },
                     .stuck = [](const StuckCall& call) { log::error("{}", call.text()); },
                     .let_go = [this](WatchedThread& thread, const StuckCall& call,
                                      const auto& at) { replace_thread(thread, call, at); }},
      pool_{pool_queue_max} {}

Result<std::unique_ptr<Host>> Host::create(manifest::Manifest manifest, const core::Clock& clock,
                                           HostOptions options) {
    std::unique_ptr<Host> host{new Host{std::move(manifest), clock, std::move(options)}};
    if (auto built = host->build(); !built) return built.error();
    return host;
}

/// The calling thread, and with it all that is no room, leaves these processors. How many there are
/// for rooms.
Result<std::uint32_t> Host::set_rooms_apart() {
    const auto& rooms = manifest_.room_processors;
    if (rooms.empty()) return platform::processor_count();
    const std::vector<std::uint32_t> before = platform::own_processors();
    std::vector<std::uint32_t> rest = before;
    const std::string all = fmt::format("{}", fmt::join(before, ", "));
    for (const std::uint32_t one : rooms) {
        if (const auto place = std::find(rest.begin(), rest.end(), one); place != rest.end()) {
            rest.erase(place);
            continue;
        }
        return Error{Status::invalid,
                     fmt::format("room_processors names {}, twice or without being among those "
                                 "that this process may use: {}",
                                 one, all)};
    }
    if (rest.empty()) {
        return Error{Status::invalid,
                     fmt::format("room_processors leaves none of {} for the rest of the host; take "
                                 "one out, or leave it empty",
                                 all)};
    }
    processors_before_ = before;
    platform::run_on(rest);
    return static_cast<std::uint32_t>(rooms.size());
}

Result<Done> Host::build() {
    const auto apart = set_rooms_apart();
    if (!apart) return apart.error();
    const std::uint32_t processors = *apart;
    const std::uint32_t shards = manifest_.shards != 0 ? manifest_.shards : processors;
    const std::uint32_t workers = manifest_.workers != 0 ? manifest_.workers : processors;

    std::vector<plugin::PluginConfig> configs;
    for (const manifest::Plugin& one : manifest_.plugins) configs.push_back(plugin_config(one));
    if (!options_.canary_program.empty()) canary_.emplace(options_.canary_program);
    plugins_ = std::make_unique<plugin::PluginManager>(
        rooms_, clock_, std::move(configs), drop_config(manifest_.drop), gate_rules(manifest_),
        canary_ ? &*canary_ : nullptr);
    plugins_->tell_to(incidents_);
    for (const PluginDesc* desc : options_.linked) plugins_->add_linked(*desc);
    service_ = std::make_unique<route::ServiceRoom>(*this);
    build_links(shards, workers);
    build_worlds();
    rooms_.service = service_.get();
    rooms_.control = [this](std::function<void()> work) {
        if (control_.post(std::move(work))) control_waker_.wake();
    };
    if (auto booted = plugins_->boot(); !booted) return booted;
    return open_listeners();
}

void Host::build_links(std::uint32_t shards, std::uint32_t workers) {
    // A record takes a quarter of its ring at the most, so the largest message sets the size.
    std::size_t ring_bytes = std::size_t{manifest_.limits.ring_messages} * 128;
    for (const manifest::Listener& listener : manifest_.listeners) {
        ring_bytes =
            std::max<std::size_t>(ring_bytes, 8 * (std::size_t{listener.payload_bytes_max} + 256));
    }
    for (std::uint32_t i = 0; i < shards * workers; ++i) {
        links_.push_back(std::make_unique<route::RoomLink>(ring_bytes));
    }
    for (std::uint32_t w = 0; w < workers; ++w) {
        std::vector<world::ShardLink> to_shards;
        for (std::uint32_t s = 0; s < shards; ++s) {
            to_shards.push_back({links_[s * workers + w].get(), [this, s] { shards_[s]->wake(); },
                                 [this, s](std::function<void()> work) {
                                     if (shards_[s]->inbox().post(std::move(work)))
                                         shards_[s]->wake();
                                 }});
        }
        workers_.push_back(
            std::make_unique<world::Worker>(w, std::move(to_shards), overflow_bytes_max));
        rooms_.workers.push_back(workers_.back().get());
    }
    for (std::uint32_t s = 0; s < shards; ++s) {
        std::vector<session::WorkerLink> to_workers;
        for (std::uint32_t w = 0; w < workers; ++w) {
            to_workers.push_back({links_[s * workers + w].get(), &workers_[w]->waker()});
        }
        session::IoRoomConfig config;
        config.shard.index = s;
        config.shard.connections_max = (manifest_.limits.connections_max + shards - 1) / shards;
        config.shard.receive_buffer_bytes = manifest_.limits.receive_buffer_bytes;
        config.credit_messages = manifest_.limits.credit_messages;
        config.credit_bytes = manifest_.limits.credit_bytes;
        shards_.push_back(std::make_unique<session::IoRoom>(
            config, *this, directory_, std::move(to_workers), events_, component_names_));
        if (options_.extra_transport != nullptr) {
            const auto added = shards_.back()->shard().transports().add(*options_.extra_transport);
            GANTRY_ASSERT(added.has_value());
        }
        rooms_.shards.push_back(shards_.back().get());
    }
}

void Host::build_worlds() {
    std::uint32_t next_worker = 0;
    for (std::uint32_t i = 0; i < manifest_.worlds.size(); ++i) {
        const manifest::World& one = manifest_.worlds[i];
        const std::uint32_t count = static_cast<std::uint32_t>(workers_.size());
        const std::uint32_t worker = one.worker >= 0
                                         ? static_cast<std::uint32_t>(one.worker) % count
                                         : next_worker++ % count;
        world::WorldConfig config;
        config.id = WorldId{i + 1};
        config.name = one.name;
        config.tick_hz = one.tick_hz;
        config.catch_up_steps_max = one.catch_up_steps_max;
        config.entities_max = one.entities_max;
        config.unknown_ids_max = manifest_.limits.unknown_ids_max;
        config.posted_events_max = manifest_.limits.mailbox_messages;
        config.seed = options_.seed + i;
        world::Worker& room = *workers_[worker];
        room.add(std::make_unique<world::World>(config, component_names_, *this, room.outbox(),
                                                room.port(config.id)));
        directory_.set(config.id, static_cast<std::uint16_t>(worker));
        rooms_.worlds.push_back({config.id, one.name, worker, one.plugins});
    }
}

Result<Done> Host::open_listeners() {
    for (const manifest::Listener& listener : manifest_.listeners) {
        if (auto opened = open_listener(listener); !opened) return opened;
    }
    return Done{};
}

Result<Done> Host::open_listener(const manifest::Listener& listener) {
    session::ListenerPlan plan = listener_plan(listener);
    for (const plugin::WorldPlace& place : rooms_.worlds) {
        if (place.name == listener.world) plan.world = place.id;
    }
    Endpoint endpoint{listener.name, listener.transport, listener.address, listener.port};
    std::vector<net::AcceptTarget> targets;
    for (auto& shard : shards_) {
        auto bound = shard->listen(plan);
        if (!bound) return bound.error();
        // Port 0 is chosen by the first shard; the others share it.
        plan.net.port = bound->port;
        plan.net.join_port = true;
        endpoint.port = bound->port;
        targets.push_back({&shard->shard(), bound->index});
    }
    if (plan.net.balance != net::Balance::kernel) {
        if (!acceptor_) acceptor_ = std::make_unique<net::Acceptor>(clock_);
        plan.net.join_port = false;
        auto bound = acceptor_->listen(plan.net, std::move(targets));
        if (!bound) return bound.error();
        endpoint.port = bound->port;
    }
    endpoints_.push_back(std::move(endpoint));
    return Done{};
}

bool Host::poll(TimeNs now) {
    bool more = false;
    std::vector<std::size_t> order(shards_.size() + workers_.size() + 2);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[order_.below(i)]);
    for (const std::size_t room : order) {
        if (room < shards_.size()) {
            more |= shards_[room]->poll(now);
        } else if (room < shards_.size() + workers_.size()) {
            more |= workers_[room - shards_.size()]->poll(now);
        } else if (room == shards_.size() + workers_.size()) {
            more |= service_->poll(now);
        } else {
            poll_control(now);
        }
    }
    return more;
}

TimeNs Host::next_due() const {
    TimeNs due = plugins_->next_due();
    for (const auto& worker : workers_) due = std::min(due, worker->next_due());
    return due;
}

void Host::poll_control(TimeNs now) {
    control_.run();
    watchdog_.poll(now, watchdog_told_);
    take_leave_of_ended();
    take_held_faults();
    plugins_->poll(now);
    control_.run();
}

void Host::wait_control(TimeNs duration_max) {
    const TimeNs now = clock_.now();
    const TimeNs due = std::min(plugins_->next_due(), now + watchdog_.look_every());
    control_waker_.sleep(due <= now ? 0 : std::min(duration_max, due - now), plugins_->awaited());
}

}  // namespace gantry::app
