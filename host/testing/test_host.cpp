#include "host/testing/test_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "host/manifest/builder.h"
#include "host/testing/seed.h"

namespace gantry::test {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void fail(const std::string& sentence) { throw std::runtime_error{sentence}; }

}  // namespace

void TestClient::write(std::string_view bytes) { link_.write(bytes); }
void TestClient::close() { link_.close(); }
bool TestClient::closed_by_host() { return link_.peer_closed(); }

void TestClient::send(std::uint16_t id, std::string_view payload) {
    net::FrameHead head;
    head.payload_bytes = static_cast<std::uint32_t>(payload.size());
    head.message_id = id;
    std::byte wire[net::frame_header_bytes];
    net::encode_head(head, wire);
    link_.write(std::span<const std::byte>{wire});
    link_.write(payload);
}

std::uint32_t TestClient::ask(std::uint16_t id, std::string_view payload) {
    net::FrameHead head;
    head.payload_bytes = static_cast<std::uint32_t>(payload.size());
    head.message_id = id;
    head.flags = net::frame_flags::request;
    head.correlation_id = next_correlation_++;
    std::byte wire[net::frame_header_bytes];
    net::encode_head(head, wire);
    link_.write(std::span<const std::byte>{wire});
    link_.write(payload);
    return head.correlation_id;
}

void TestClient::read() {
    unread_ += link_.read();
    while (unread_.size() >= net::frame_header_bytes) {
        const net::FrameHead head =
            net::decode_head(reinterpret_cast<const std::byte*>(unread_.data()));
        const std::size_t bytes = net::frame_header_bytes + head.payload_bytes;
        if (unread_.size() < bytes) return;
        Reply reply;
        reply.id = head.message_id;
        reply.flags = head.flags;
        reply.correlation = head.correlation_id;
        reply.text = unread_.substr(net::frame_header_bytes, head.payload_bytes);
        if ((head.flags & net::frame_flags::error) != 0) {
            net::ErrorReply error;
            const std::span payload{reinterpret_cast<const std::byte*>(reply.text.data()),
                                    reply.text.size()};
            if (!net::decode_error_reply(payload, error)) fail("an error reply that is none");
            reply.status = error.status;
            reply.text = std::string{error.sentence};
        }
        replies_.push_back(std::move(reply));
        unread_.erase(0, bytes);
    }
}

std::vector<Reply> TestClient::received() {
    read();
    return std::exchange(replies_, {});
}

Reply TestClient::call(std::uint16_t id, std::string_view payload) {
    const std::uint32_t correlation = ask(id, payload);
    host_->settle();
    read();
    for (auto it = replies_.begin(); it != replies_.end(); ++it) {
        if ((it->flags & net::frame_flags::response) == 0 || it->correlation != correlation)
            continue;
        const Reply reply = *it;
        replies_.erase(it);
        return reply;
    }
    Reply none;
    none.status = Status::timeout;
    return none;
}

TestHost::TestHost(TestHostConfig config) {
    manifest::ManifestBuilder manifest;
    manifest.name("test").shards(config.shards).workers(config.workers).no_admin();
    manifest.drop("no such folder").incidents({.folder = ""});
    manifest.listener("memory")
        .transport("memory")
        .address("memory")
        .port(1)
        .idle(0ms)
        .joins(config.worlds.empty() ? "" : config.worlds.front())
        .middleware(config.middleware);

    manifest::Gate gate;
    gate.allow_libraries = config.allow_libraries;
    manifest.gate(gate);
    plugin::GateRules rules;
    rules.allow_libraries = config.allow_libraries;
    std::vector<std::string> names;
    const auto add_plugin = [&](const std::string& name, const std::string& file) {
        names.push_back(name);
        manifest.plugin(name)
            .file(file)
            .config_json(config.config)
            .probation(std::chrono::milliseconds{config.probation_ms})
            .canary(std::chrono::milliseconds{config.canary_ms});
    };
    for (const PluginDesc* desc : config.plugins) add_plugin(desc->name, "");
    for (const std::string& file : config.files) {
        const auto candidate = plugin::inspect(file, rules);
        if (!candidate) fail(candidate.error().message);
        add_plugin(candidate->name, file);
    }
    for (const std::string& name : config.worlds) {
        manifest.world(name).tick_hz(config.tick_hz).plugins(names);
    }
    make(manifest.build(), config);
}

TestHost::TestHost(manifest::Manifest manifest, const TestHostConfig& config) {
    make(std::move(manifest), config);
}

void TestHost::make(manifest::Manifest manifest, const TestHostConfig& config) {
    app::HostOptions options;
    options.seed = config.seed != 0 ? config.seed : seed();
    options.pool_threads = 0;
    options.extra_transport = &network_;
    options.linked = config.plugins;
    options.canary_program = config.canary_program;
    auto made = app::Host::create(std::move(manifest), clock_, std::move(options));
    if (!made) fail(made.error().message);
    host_ = std::move(*made);
}

TestHost::~TestHost() = default;

TestClient TestHost::connect(const std::string& listener) {
    for (const app::Endpoint& endpoint : host_->endpoints()) {
        if (endpoint.name != listener) continue;
        TestClient client{*this, network_.connect(endpoint.address, endpoint.port)};
        settle();
        return client;
    }
    fail(fmt::format("no listener {}", listener));
}

// A message crosses four rooms at most, so that many quiet rounds in a row are the end.
void TestHost::settle() {
    constexpr int quiet_rounds = 8;
    for (int quiet = 0; quiet < quiet_rounds; ++quiet) {
        bool busy = host_->poll(clock_.now());
        while (host_->run_pool()) busy = true;
        if (busy) quiet = 0;
    }
}

void TestHost::advance(TimeNs by) {
    settle();
    for (TimeNs left = by; left > 0; left -= ns_per_ms) {
        clock_.advance(std::min(left, ns_per_ms));
        settle();
    }
}

plugin::SwapReport TestHost::report(std::uint64_t ticket) {
    if (const auto one = host_->plugins().report_of(ticket)) return *one;
    fail(fmt::format("no report of swap {}", ticket));
}

plugin::SwapReport TestHost::swap(std::span<const PluginDesc* const> next) {
    const std::uint64_t ticket = host_->plugins().swap_linked(next);
    settle();
    return report(ticket);
}

Result<plugin::SwapReport> TestHost::try_swap(const std::string& plugin, const std::string& file) {
    const auto ticket = host_->plugins().swap({.plugins = {{plugin, {}, file}}});
    if (!ticket) return ticket.error();
    settle();
    // A canary takes its own time, which no clock of the test moves.
    while (host_->plugins().canaries_run()) {
        host_->wait_control(ns_per_ms);
        settle();
    }
    settle();
    return report(*ticket);
}

plugin::SwapReport TestHost::swap_file(const std::string& plugin, const std::string& file) {
    auto report = try_swap(plugin, file);
    if (!report) fail(report.error().message);
    return std::move(*report);
}

world::World& TestHost::world(std::string_view name) {
    for (const auto& place : host_->rooms().worlds) {
        if (place.name == name) return *host_->rooms().workers[place.worker]->find(place.id);
    }
    fail(fmt::format("no world {}", name));
}

}  // namespace gantry::test
