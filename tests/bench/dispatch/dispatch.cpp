// dispatch: what a routed message costs in a world, against a call through a table of pointers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "gantry/gantry.h"
#include "host/app/host.h"
#include "host/core/log.h"
#include "host/manifest/builder.h"
#include "tests/support/linked_plugin.h"

using namespace gantry;

namespace {

constexpr int messages = 200'000;
constexpr int rounds = 15;

std::uint64_t seen = 0;

class Sink final : public WorldPlugin {
    void setup() override {
        for (std::uint16_t id = 1; id <= 64; ++id) {
            on(id, [](const Message& message) { seen += message.payload.size; });
        }
    }
};
constexpr PluginDesc sink = test::linked("sink", "1.0.0", create<Sink>);

double ns_since(std::chrono::steady_clock::time_point begin, int count) {
    const auto spent = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(std::chrono::nanoseconds{spent}.count()) / count;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

using Function = Status (*)(void*, const Message*);
Status plain(void*, const Message* message) {
    seen += message->payload.size;
    return Status::ok;
}

}  // namespace

int main() {
    log::set_level(log::Level::warn);
    const core::SystemClock clock;
    manifest::ManifestBuilder manifest;
    manifest.shards(1).workers(1).no_admin().world("world").tick_hz(0);
    app::HostOptions options;
    options.linked = {&sink};
    auto host = app::Host::create(manifest.build(), clock, options);
    if (!host) return std::fprintf(stderr, "%s\n", host.error().message.c_str()), 1;

    world::World& world = *(*host)->rooms().workers[0]->find(WorldId{1});
    world.begin_turn(clock.now());
    route::OpenedRecord opened;
    opened.world = WorldId{1};
    opened.session = SessionId{1};
    world.opened(opened);
    route::MessagesRecord record;
    record.world = WorldId{1};
    record.session = SessionId{1};
    const std::vector<std::byte> payload(64);
    route::MessageEntry entry;
    entry.head.payload_bytes = static_cast<std::uint32_t>(payload.size());
    std::vector<std::byte> entries(route::entry_bytes(payload.size()));

    std::vector<Function> table(65'536, &plain);
    volatile std::uint16_t mask = 63;
    std::vector<double> routed;
    std::vector<double> direct;
    for (int round = 0; round < rounds; ++round) {
        auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < messages; ++i) {
            entry.head.message_id = static_cast<std::uint16_t>((i & mask) + 1);
            std::memcpy(entries.data(), &entry, sizeof entry);
            world.messages(record, entries);
        }
        routed.push_back(ns_since(begin, messages));
        Message message;
        message.payload = Bytes{payload};
        begin = std::chrono::steady_clock::now();
        for (int i = 0; i < messages; ++i) {
            message.id = static_cast<std::uint16_t>((i & mask) + 1);
            (void)table[message.id](nullptr, &message);
        }
        direct.push_back(ns_since(begin, messages));
        (*host)->poll(clock.now());
    }
    const double value = median(routed);
    const double baseline = median(direct);
    std::printf(
        "{\"name\":\"dispatch\",\"value\":%.2f,\"unit\":\"ns/message\",\"baseline\":%.2f,"
        "\"ratio\":%.2f}\n",
        value, baseline, value / baseline);
    return seen == 0 ? 1 : 0;
}
