// gantry run: a host from its manifest to its last connection.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/admin/runtime_file.h"
#include "host/admin/server.h"
#include "host/app/admin_backend.h"
#include "host/app/commands.h"
#include "host/app/host.h"
#include "host/app/run_manifest.h"
#include "host/core/log.h"
#include "host/manifest/load.h"
#include "host/platform/child_process.h"
#include "host/platform/fault.h"
#include "host/platform/signals.h"

namespace gantry::app {
namespace {

using Json = nlohmann::ordered_json;

log::Level level_of(const std::string& name) {
    constexpr const char* names[] = {"trace", "debug", "info", "warn", "error", "off"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (name == names[i]) return static_cast<log::Level>(i);
    }
    return log::Level::info;
}

const manifest::Listener& listener_of(const Host& host, const Endpoint& endpoint) {
    for (const manifest::Listener& one : host.manifest().listeners) {
        if (one.name == endpoint.name) return one;
    }
    return host.manifest().listeners.front();
}

Json listeners_json(const Host& host) {
    Json list = Json::array();
    for (const Endpoint& one : host.endpoints()) {
        Json entry;
        entry["name"] = one.name;
        entry["transport"] = one.transport;
        entry["address"] = one.address;
        entry["port"] = one.port;
        if (one.transport == "ws") entry["path"] = listener_of(host, one).ws.path;
        list.push_back(std::move(entry));
    }
    return list;
}

admin::AdminConfig admin_config(const Host& host) {
    const manifest::Admin& from = host.manifest().admin;
    admin::AdminConfig config;
    config.address = from.address;
    config.port = from.port;
    config.token = from.token.empty() ? admin::make_token() : from.token;
    for (const manifest::WebRoot& root : from.web_roots) {
        config.roots.push_back({root.prefix, root.folder});
    }
    for (const Endpoint& one : host.endpoints()) {
        if (one.transport != "ws") continue;
        for (const char* name : {"127.0.0.1", "localhost"}) {
            config.connect_sources.push_back(fmt::format("ws://{}:{}", name, one.port));
        }
    }
    Json page;
    page["name"] = host.manifest().name;
    page["listeners"] = listeners_json(host);
    config.page_config = page.dump();
    return config;
}

/// The line that scripts wait for: real ports, and the token that opens the admin listener.
void print_ready(const Host& host, const admin::AdminServer* server, const std::string& token) {
    Json ready;
    ready["name"] = host.manifest().name;
    ready["pid"] = ::getpid();
    ready["listeners"] = listeners_json(host);
    if (server != nullptr) {
        ready["admin"]["url"] = server->url();
        ready["admin"]["token"] = token;
    }
    std::printf("ready %s\n", ready.dump().c_str());
    std::fflush(stdout);
}

int serve(Host& host, HostBackend& backend, const core::Clock& clock) {
    constexpr int signal_check_ms = 50;
    for (;;) {
        host.poll_control(clock.now());
        const int signal = platform::wait_stop_signal(0);
        if (signal != 0 || backend.stop_wanted()) {
            log::info("stopping, for {}", signal != 0 ? "a signal" : "an operator asked");
            break;
        }
        host.wait_control(signal_check_ms * ns_per_ms);
    }
    backend.set_stopping();
    const bool clean = host.shut_down(host.manifest().limits.shutdown_ms);
    log::info("stopped{}", clean ? "" : "; what did not end in time was cut");
    return 0;
}

}  // namespace

int run_host(const RunArguments& arguments) {
    platform::take_stop_signals();
    auto loaded = manifest::load_manifest(arguments.manifest);
    if (!loaded) {
        std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
        return 2;
    }
    return run_manifest(std::move(loaded->manifest), arguments.manifest, nullptr);
}

int run_manifest(manifest::Manifest manifest, const std::string& file, const WhenReady& ready) {
    log::open_stderr();
    platform::install_fault_handlers();
    const platform::FaultThread control;
    log::set_level(level_of(manifest.log.level));

    const core::SystemClock clock;
    HostOptions options;
    options.seed = static_cast<std::uint64_t>(clock.wall_now());
    options.canary_program = platform::own_program();
    auto host = Host::create(std::move(manifest), clock, options);
    if (!host) {
        log::error("{}", host.error().message);
        return 1;
    }
    (*host)->start_threads();

    HostBackend backend{**host};
    std::unique_ptr<admin::AdminServer> server;
    std::optional<admin::RuntimeFile> runtime_file;
    admin::RuntimeInfo info{(*host)->manifest().name, ::getpid(), "", "", file};
    if ((*host)->manifest().admin.enabled) {
        admin::AdminConfig config = admin_config(**host);
        info.token = config.token;
        auto started = admin::AdminServer::start(std::move(config), backend);
        if (!started) {
            log::error("{}", started.error().message);
            return 1;
        }
        server = std::move(*started);
        info.url = server->url();
        auto written = admin::RuntimeFile::write(info);
        if (written) {
            runtime_file.emplace(std::move(*written));
        } else {
            log::warn("`gantry swap` will not find this host: {}", written.error().message);
        }
    }
    print_ready(**host, server.get(), info.token);
    if (ready) ready(info);
    const int code = serve(**host, backend, clock);
    server.reset();  // before the host that it asks
    return code;
}

}  // namespace gantry::app
