// gantry dev: a host beside the sources of its plugins.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>

#include "host/app/commands.h"
#include "host/app/dev_loop.h"
#include "host/app/plugin_plan.h"
#include "host/app/remote.h"
#include "host/app/run_manifest.h"
#include "host/app/try_library.h"
#include "host/manifest/load.h"
#include "host/manifest/node.h"
#include "host/platform/processors.h"
#include "host/platform/signals.h"
#include "host/plugin/gate.h"

namespace gantry::app {
namespace {

int complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return 2;
}

/// Stopping is no mistake.
int complain(const Error& error) {
    return error.status == Status::cancelled ? 0 : complain(error.message);
}

/// The host runs what is built, from where it is built, and nothing that lies in its drop folder
/// under the same name.
Result<Done> use_built(manifest::Manifest& manifest, const std::string& file,
                       const std::vector<PluginTarget>& targets) {
    for (const PluginTarget& target : targets) {
        const std::string made = mark_of(target.library).plugin;
        const auto found = std::find_if(manifest.plugins.begin(), manifest.plugins.end(),
                                        [&](const auto& one) { return one.name == made; });
        if (made.empty() || found == manifest.plugins.end()) {
            return Error{Status::not_found,
                         fmt::format("{} makes the plugin {}, which {} does not name among its "
                                     "plugins",
                                     target.target, made.empty() ? "?" : made, file)};
        }
        found->file = target.library.string();
    }
    manifest.drop.on_drop = manifest::OnDrop::ignore;
    return Done{};
}

/// What a start would die of, without the host: the gate and the canary of what was built.
Result<Done> try_built(const manifest::Manifest& manifest,
                       const std::vector<PluginTarget>& targets) {
    for (const manifest::Plugin& one : manifest.plugins) {
        const bool built = std::any_of(targets.begin(), targets.end(), [&](const auto& target) {
            return one.file == target.library.string();
        });
        if (!built || !one.canary) continue;
        const auto candidate = plugin::inspect(one.file, gate_rules(manifest));
        if (!candidate) return candidate.error();
        if (auto tried = try_library(*candidate, one.config); !tried) return tried.error();
    }
    return Done{};
}

struct Read {
    manifest::Manifest manifest;
    std::vector<std::string> files;
};

Result<Read> read(const std::string& file) {
    auto loaded = manifest::load_manifest(file);
    if (!loaded) return loaded.error();
    if (!loaded->manifest.admin.enabled) {
        return Error{Status::invalid,
                     fmt::format("{}: `gantry dev` swaps through the admin listener, and "
                                 "/admin/enabled is false",
                                 file)};
    }
    return Read{std::move(loaded->manifest), loaded->document->files};
}

/// Runs the host; its plugins are followed on a thread of their own. Nothing when it did not come
/// to serve.
std::optional<int> run_followed(manifest::Manifest manifest, const std::string& file,
                                DevLoop& loop) {
    std::atomic<bool> ended{false};
    std::thread follower;
    const int code = run_manifest(std::move(manifest), file, [&](const admin::RuntimeInfo& host) {
        follower = std::thread{[&loop, &ended, host] {
            platform::name_thread("dev");
            loop.follow([&host] { return host; }, [&ended] { return ended.load(); });
        }};
    });
    ended = true;
    if (!follower.joinable()) return std::nullopt;
    follower.join();
    return code;
}

/// What keeps the host from its start is told, and mended by the next save.
int develop_manifest(const DevArguments& arguments, const CMakeProject& project,
                     const DevLoop::Stopped& stopped) {
    auto now = read(arguments.manifest);
    if (!now) return complain(now.error());
    std::vector<std::string> plugins;
    for (const manifest::Plugin& one : now->manifest.plugins) plugins.push_back(one.name);
    auto loop = DevLoop::open(project, plugins, arguments.targets, stopped);
    if (!loop) return complain(loop.error());
    for (bool first = true;; first = false) {
        (*loop)->watch_manifest(now ? now->files : std::vector<std::string>{arguments.manifest});
        if (!(*loop)->build_until_passed(stopped)) return 0;
        Result<Done> can_start = now ? Result<Done>{Done{}} : now.error();
        if (now) can_start = use_built(now->manifest, arguments.manifest, (*loop)->targets());
        if (!can_start && first) return complain(can_start.error());
        if (can_start) can_start = try_built(now->manifest, (*loop)->targets());
        if (can_start) {
            const auto code = run_followed(now->manifest, arguments.manifest, **loop);
            if (code) return *code;
        } else {
            complain(can_start.error());
        }
        fmt::print("the host has not started; waiting for a change that mends it\n");
        std::fflush(stdout);
        if (!(*loop)->wait_for_change(stopped)) return 0;
        now = read(arguments.manifest);
    }
}

int develop_running(const DevArguments& arguments, const CMakeProject& project,
                    const DevLoop::Stopped& stopped) {
    const auto host = admin::find_host(arguments.host);
    if (!host) {
        return complain(host.error().message +
                        (host.error().status == Status::not_found
                             ? ", `gantry dev FILE` starts one and follows it"
                             : ""));
    }
    const auto answer = ask_host(*host, "/api/plugins");
    if (!answer) return complain(answer.error());
    std::vector<std::string> plugins;
    for (const nlohmann::json& one : answer->value("plugins", nlohmann::json::array())) {
        plugins.push_back(text_of(one, "name"));
    }
    auto loop = DevLoop::open(project, plugins, arguments.targets, stopped);
    if (!loop) return complain(loop.error());
    if (!(*loop)->build_until_passed(stopped)) return 0;
    (*loop)->follow([name = host->name] { return admin::find_host(name); }, stopped);
    return 0;
}

}  // namespace

int develop(const DevArguments& arguments) {
    platform::take_stop_signals();
    const auto project =
        CMakeProject::find(arguments.source.empty() ? "." : arguments.source, arguments.build);
    if (!project) return complain(project.error());
    bool stopped = false;
    const auto ask = [&stopped] {
        stopped = stopped || platform::wait_stop_signal(0) != 0;
        return stopped;
    };
    return arguments.manifest.empty() ? develop_running(arguments, *project, ask)
                                      : develop_manifest(arguments, *project, ask);
}

}  // namespace gantry::app
