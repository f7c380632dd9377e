// The host's side: a plugin that answers, and a line of counters for every line that asks.
#include "tests/integration/scale/server.h"

#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>

#include "gantry/gantry.h"
#include "host/app/ask_rooms.h"
#include "host/app/host.h"
#include "host/core/clock.h"
#include "host/core/log.h"
#include "tests/support/linked_plugin.h"

namespace gantry::test {

namespace {

using Counters = std::map<std::string, std::uint64_t>;

std::atomic<std::uint64_t> sessions_opened{0};
std::atomic<std::uint64_t> sessions_closed{0};
std::atomic<std::uint64_t> closed_twice{0};
std::atomic<bool> stalled{false};

class Subject final : public WorldPlugin {
    void setup() override {
        on(scale_id::echo, [](const Message& message) { return message.payload; });
        on(scale_id::who, [](const Message& message) {
            return std::string{reinterpret_cast<const char*>(&message.session),
                               sizeof message.session};
        });
        on(scale_id::join, [this](const Message& message) {
            return net().group_join(group("all"), message.session);
        });
        on(scale_id::leave, [this](const Message& message) {
            return net().group_leave(group("all"), message.session);
        });
        on(scale_id::broadcast, [this](const Message& message) {
            return net().group_send(group("all"), scale_id::news, message.payload);
        });
        on(scale_id::stall, [](const Message&) {
            stalled = true;
            stalled.wait(true);
        });
        on_session([](SessionId, Entity) { ++sessions_opened; },
                   [this](SessionId session, Entity) {
                       ++sessions_closed;
                       // Until it is told the end, a session is one of this world's.
                       SessionInfo info;
                       if (net().session_info(session, &info) != Status::ok) ++closed_twice;
                   });
    }
};

class ShardEcho final : public IoPlugin {
    void setup() override {
        route(scale_id::shard_echo, [](const IoMessage& message) { return message.payload; });
    }
};

constexpr PluginDesc subject = linked("subject", "1.0.0", create<Subject>, create<ShardEcho>);

manifest::Manifest manifest_from(const ServerConfig& config) {
    manifest::Manifest manifest;
    manifest.shards = config.shards;
    manifest.workers = 1;
    manifest.limits.connections_max = config.connections_max;
    manifest.drop.folder = "no such folder";
    manifest.admin.enabled = false;
    manifest::Listener listener;
    listener.name = "scale";
    listener.transport = config.transport;
    listener.idle_ms = config.idle_ms;
    listener.world = "world";
    listener.ws.ping_ms = 0;
    for (const auto balance : {manifest::Balance::kernel, manifest::Balance::round_robin,
                               manifest::Balance::least, manifest::Balance::hash}) {
        if (config.balance == manifest::name_of(balance)) listener.balance = balance;
    }
    manifest.listeners.push_back(listener);
    manifest::World world;
    world.name = "world";
    world.tick_hz = 0;  // only what is asked for wakes it
    world.plugins = {"subject"};
    manifest.worlds.push_back(world);
    manifest.plugins.push_back({});
    manifest.plugins.back().name = "subject";
    return manifest;
}

void add_shard(Counters& sums, session::IoRoom& room) {
    const net::ShardCounters net = room.shard().counters();
    const std::string shard = "shard" + std::to_string(room.shard().index()) + ".";
    sums[shard + "open"] = net.open;
    sums[shard + "accepted"] = net.accepted;
    sums["open"] += net.open;
    sums["accepted"] += net.accepted;
    sums["sessions"] += room.session_count();
    sums["load"] += room.shard().load();
    sums["opened"] += room.counters().sessions_opened;
    sums["closed"] += room.counters().sessions_closed;
    sums["refused_max"] += net.refused[static_cast<std::size_t>(net::RefuseReason::max)];
    for (std::size_t i = 0; i < net.closed.size(); ++i) {
        const auto reason = static_cast<net::CloseReason>(i);
        sums[std::string{"closed_"} + net::close_reason_name(reason)] += net.closed[i];
    }
    sums["encodings"] += net.encodings;
    sums["shared_sends"] += net.shared_sends;
    sums["pool_bytes"] += net.pool_bytes;
    sums["pool_used_bytes"] += net.pool_used_bytes;
    sums["pool_allocations"] += net.pool_allocations;
}

Counters gather(app::Host& host) {
    const plugin::Rooms& rooms = host.rooms();
    std::vector<route::PostToRoom> ports;
    for (session::IoRoom* const shard : rooms.shards) {
        ports.push_back([shard](std::function<void()> work) {
            if (shard->inbox().post(std::move(work))) shard->wake();
        });
    }
    for (world::Worker* const worker : rooms.workers) ports.push_back(worker->port());
    const auto answers = app::ask_rooms<Counters>(
        ports,
        [&rooms](std::size_t room) {
            Counters counters;
            if (room < rooms.shards.size()) {
                add_shard(counters, *rooms.shards[room]);
            } else {
                auto& outbox = rooms.workers[room - rooms.shards.size()]->outbox();
                counters["world_encodings"] = outbox.counters().encodings;
            }
            return counters;
        },
        std::chrono::seconds{20});
    Counters sums;
    for (const Counters& each : answers) {
        for (const auto& [name, value] : each) sums[name] += value;
    }
    sums["rooms"] = answers.size();
    sums["world_opened"] = sessions_opened;
    sums["world_closed"] = sessions_closed;
    sums["closed_twice"] = closed_twice;
    return sums;
}

}  // namespace

int serve(int argc, char** argv) {
    ServerConfig config;
    if (argc != 7) return 2;
    config.transport = argv[2];
    config.balance = argv[3];
    config.shards = static_cast<std::uint32_t>(std::stoul(argv[4]));
    config.connections_max = static_cast<std::uint32_t>(std::stoul(argv[5]));
    config.idle_ms = static_cast<std::uint32_t>(std::stoul(argv[6]));

    const core::SystemClock clock;
    app::HostOptions options;
    options.linked = {&subject};
    options.pool_threads = 0;
    auto host = app::Host::create(manifest_from(config), clock, std::move(options));
    if (!host) {
        std::fprintf(stderr, "%s\n", host.error().message.c_str());
        return 1;
    }
    (*host)->start_threads();
    std::cout << "port " << (*host)->endpoints().front().port << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        Counters counters;
        if (line == "locks") {
            const LockCount count = lock_count();
            counters = {{"locks", count.locks},
                        {"contended", count.contended},
                        {"stalled", stalled.load() ? 1u : 0u}};
        } else if (line == "go_on") {
            stalled = false;
            stalled.notify_all();
            counters = {{"stalled", 0}};
        } else {
            counters = gather(**host);
        }
        for (const auto& [name, value] : counters) std::cout << name << ' ' << value << ' ';
        std::cout << std::endl;
    }
    return (*host)->shut_down(10'000) ? 0 : 1;
}

}  // namespace gantry::test
