#include "host/app/dev_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "host/app/cmake_run.h"
#include "host/app/remote.h"
#include "host/platform/child_process.h"
#include "host/platform/processors.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/elf_image.h"

namespace gantry::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr TimeNs look_every = 100 * ns_per_ms;
constexpr TimeNs quiet_time = 15 * ns_per_ms;  // an editor's save is several changes in a row
constexpr TimeNs quiet_time_max = 500 * ns_per_ms;
constexpr TimeNs probation_look = 250 * ns_per_ms;

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

double ms(TimeNs time) { return static_cast<double>(time) / ns_per_ms; }

void say_step(const std::string& name, double took_ms, const std::string& what = "") {
    say(fmt::format("  {:<9} {:>9.2f} ms{}{}", name, took_ms, what.empty() ? "" : "  ", what));
}

std::string names_of(const std::vector<PluginTarget>& targets) {
    std::string names;
    for (const PluginTarget& one : targets) {
        if (!names.empty()) names += ", ";
        names += one.target;
    }
    return names;
}

/// The folder that `gantry` is installed below, so that a fresh project finds the SDK there.
fs::path installed_below() {
    std::error_code error;
    const fs::path program = fs::read_symlink(platform::own_program(), error);
    const fs::path prefix = program.parent_path().parent_path();
    return !error && fs::exists(prefix / "include/gantry/gantry.h", error) ? prefix : fs::path{};
}

Result<Done> configure(const CMakeProject& project, const DevLoop::Stopped& stopped) {
    if (auto asked = project.ask_for_model(); !asked) return asked;
    std::vector<std::string> arguments{"-S", project.source.string(), "-B", project.build.string()};
    if (const fs::path sdk = installed_below(); !project.configured() && !sdk.empty()) {
        arguments.push_back("-DCMAKE_PREFIX_PATH=" + sdk.string());
    }
    const auto run = run_cmake(arguments, stopped);
    if (!run) return run.error();
    if (run->passed) return Done{};
    return Error{Status::refused,
                 fmt::format("{}CMake cannot configure {} in {}: see above", run->output,
                             project.source.string(), project.build.string())};
}

}  // namespace

LibraryMark mark_of(const fs::path& library) {
    const auto bytes = platform::read_library(library);
    if (!bytes) return {};
    const auto image = plugin::read_elf_image(*bytes, library.string());
    if (!image) return {};
    return {image->desc.name, image->build_id};
}

Result<std::unique_ptr<DevLoop>> DevLoop::open(const CMakeProject& project,
                                               const std::vector<std::string>& plugins,
                                               const std::vector<std::string>& targets,
                                               const Stopped& stopped) {
    const core::SystemClock clock;
    const TimeNs began = clock.now();
    if (auto done = configure(project, stopped); !done) return done.error();
    auto model = project.model();
    if (!model) return model.error();
    auto chosen = choose_targets(*model, plugins, targets);
    if (!chosen) return chosen.error();
    say(fmt::format("configured {} in {:.0f} ms", project.build.string(), ms(clock.now() - began)));
    auto watch = platform::TreeWatch::open(
        project.source,
        [build = project.build](const auto& one) { return one != build && holds_sources(one); });
    if (!watch) return watch.error();
    return std::unique_ptr<DevLoop>{
        new DevLoop{project, std::move(*model), std::move(*chosen), std::move(*watch)}};
}

bool DevLoop::build_until_passed(const Stopped& stopped) {
    say(fmt::format("building {}", names_of(targets_)));
    const TimeNs began = clock_.now();
    for (bool passed = build(targets_, stopped); !passed; passed = build(targets_, stopped)) {
        if (!stopped()) say("waiting for a change that mends it");
        if (!wait_for_change(stopped)) return false;
    }
    say(fmt::format("built in {:.0f} ms", ms(clock_.now() - began)));
    return true;
}

void DevLoop::watch_manifest(const std::vector<std::string>& files) {
    manifest_.clear();
    for (const std::string& file : files) {
        std::error_code error;
        manifest_[file] = fs::last_write_time(file, error);
    }
}

std::optional<fs::path> DevLoop::take_manifest_save() {
    for (auto& [file, written] : manifest_) {
        std::error_code error;
        const auto now = fs::last_write_time(file, error);
        if (error || now == written) continue;  // gone: an editor is about to put it there again
        written = now;
        return file;
    }
    return std::nullopt;
}

bool DevLoop::wait_for_change(const Stopped& stopped) {
    while (!stopped()) {
        if (const auto save = wait_for_save()) {
            renew(save->files);
            return true;
        }
        if (take_manifest_save()) return true;
    }
    return false;
}

void DevLoop::follow(const FindHost& find_host, const Stopped& stopped) {
    note_running(find_host);
    swap(targets_, clock_.now(), find_host);
    say(fmt::format("watching {} for {}; save a file, or end with Ctrl-C", project_.source.string(),
                    names_of(targets_)));
    while (!stopped()) {
        look_at_probations(find_host);
        if (const auto file = take_manifest_save()) {
            say(
                fmt::format("{} saved: the host goes on with what it read; to take the change, end "
                            "gantry dev and start it again",
                            file->filename().string()));
        }
        if (const auto save = wait_for_save()) take_save(*save, find_host, stopped);
    }
}

// What comes during a build waits in the watch. The build is not broken off: a compiler that is
// killed may leave an object file that looks finished.
std::optional<DevLoop::Save> DevLoop::wait_for_save() {
    Save save;
    const auto take = [&] {
        const auto changes = watch_->take();
        bool any = changes.more;
        save.any |= changes.more;
        for (const fs::path& file : changes.files) {
            if (!is_source(file)) continue;
            any = true;
            if (std::find(save.files.begin(), save.files.end(), file) == save.files.end()) {
                save.files.push_back(file);
            }
        }
        return any;
    };
    watch_->wait(look_every);
    if (!take()) return std::nullopt;
    save.at = clock_.now();
    do {
        watch_->wait(quiet_time);
        save.settled = clock_.now();
    } while (take() && save.settled - save.at < quiet_time_max);
    return save;
}

std::vector<PluginTarget> DevLoop::targets_of(const Save& save) const {
    if (save.any) return targets_;
    std::vector<PluginTarget> list;
    for (const PluginTarget& target : targets_) {
        const auto changes = [&](const fs::path& file) {
            return !changed_by(model_, {target}, file).empty();
        };
        if (std::any_of(save.files.begin(), save.files.end(), changes)) list.push_back(target);
    }
    return list;
}

bool DevLoop::build(const std::vector<PluginTarget>& targets, const Stopped& stopped) {
    std::vector<std::string> arguments{"--build", project_.build.string(), "--parallel",
                                       std::to_string(platform::processor_count()), "--target"};
    for (const PluginTarget& one : targets) arguments.push_back(one.target);
    build_began_ = fs::file_time_type::clock::now();
    const auto run = run_cmake(arguments, stopped);
    build_ended_ = fs::file_time_type::clock::now();
    if (!run) {
        if (run.error().status != Status::cancelled) say(run.error().message);
        return false;
    }
    const bool warned = run->output.find("warning: ") != std::string::npos;
    if (!run->passed || warned) std::fputs(run->output.c_str(), stdout);
    if (!run->passed) say(fmt::format("{} cannot be built: see above", names_of(targets)));
    if (run->passed) take_model();
    return run->passed;
}

// The build may have configured the project anew.
void DevLoop::take_model() {
    auto model = project_.model();
    if (!model) return say(model.error().message);
    std::vector<std::string> names;
    for (const PluginTarget& one : targets_) names.push_back(one.target);
    auto targets = choose_targets(*model, {}, names);
    if (!targets) return say(targets.error().message);
    model_ = std::move(*model);
    targets_ = std::move(*targets);
}

void DevLoop::note_running(const FindHost& find_host) {
    const auto host = find_host();
    const auto answer = host ? ask_host(*host, "/api/plugins") : host.error();
    if (!answer) return say(answer.error().message);
    for (const Json& one : answer->value("plugins", Json::array())) {
        build_ids_[text_of(one, "name")] = text_of(one, "build_id");
    }
}

// A file that was saved while a build ran is older than what the build made of it, perhaps from the
// text before: to be built again, it has to look newer.
void DevLoop::renew(const std::vector<fs::path>& files) const {
    constexpr std::chrono::milliseconds coarse{10};  // file systems have a clock of their own
    for (const fs::path& file : files) {
        std::error_code error;
        const auto saved = fs::last_write_time(file, error);
        if (error || saved < build_began_ - coarse || saved > build_ended_) continue;
        fs::last_write_time(file, fs::file_time_type::clock::now(), error);
    }
}

void DevLoop::take_save(const Save& save, const FindHost& find_host, const Stopped& stopped) {
    std::vector<PluginTarget> targets = targets_of(save);
    if (targets.empty()) return;
    // What could not be built is built again, and what came out of that build goes along: plugins
    // that share a header must not be swapped one without the other.
    for (const PluginTarget& one : unbuilt_) {
        const auto same = [&](const PluginTarget& other) { return other.target == one.target; };
        if (std::none_of(targets.begin(), targets.end(), same)) targets.push_back(one);
    }
    say(save.files.size() == 1 ? fmt::format("{} saved", save.files[0].filename().string())
                               : fmt::format("{} files saved", save.files.size()));
    say_step("quiet", ms(save.settled - save.at));
    const TimeNs began = clock_.now();
    renew(save.files);
    const bool passed = build(targets, stopped);
    say_step("build", ms(clock_.now() - began), names_of(targets));
    unbuilt_ = passed ? std::vector<PluginTarget>{} : targets;
    if (!passed) return say("the host goes on with what it has");
    swap(targets, save.at, find_host);
}

// All at once, with what is new among them: plugins that share a header may need each other. So
// does what the host has refused before, though nothing of it was saved now.
void DevLoop::swap(const std::vector<PluginTarget>& built, TimeNs saved,
                   const FindHost& find_host) {
    Json plan = Json::array();
    for (const PluginTarget& target : targets_) {
        const LibraryMark mark = mark_of(target.library);
        const bool was_built = std::any_of(built.begin(), built.end(), [&](const auto& one) {
            return one.target == target.target;
        });
        if (!mark.build_id.empty() && build_ids_[mark.plugin] == mark.build_id) {
            refused_.erase(mark.plugin);
            if (was_built) say(fmt::format("{}: the library is what it was", target.target));
        } else if (was_built || refused_.contains(mark.plugin)) {
            plan.push_back({{"plugin", mark.plugin}, {"file", target.library.string()}});
        }
    }
    if (!plan.empty()) ask(plan, saved, find_host);
}

void DevLoop::note_outcome(const Json& plugins, bool taken) {
    for (const Json& one : plugins) {
        const std::string plugin = text_of(one, "plugin");
        if (taken) {
            build_ids_[plugin] = mark_of(text_of(one, "file")).build_id;
            refused_.erase(plugin);
        } else {
            refused_.insert(plugin);
        }
    }
}

void DevLoop::ask(const Json& plugins, TimeNs saved, const FindHost& find_host) {
    const auto host = find_host();
    const TimeNs asked = clock_.now();
    const auto report = host
                            ? ask_swap(*host, "/api/swap", {{"plugins", plugins}, {"settle", true}})
                            : host.error();
    const TimeNs answered = clock_.now();
    note_outcome(plugins, report && text_of(*report, "outcome") == "committed");
    if (!report) return say(report.error().message);
    for (const Json& step : report->value("steps", Json::array())) {
        say_step(text_of(step, "name"), step.value("ms", 0.0));
    }
    for (const Json& note : report->value("notes", Json::array())) {
        say("  " + note.get<std::string>());
    }
    const std::string from = text_of(*report, "from");
    const std::string to = text_of(*report, "to");
    if (text_of(*report, "outcome") != "committed") {
        return say(fmt::format("{}: {}; {}", text_of(*report, "outcome"),
                               text_of(*report, "reason"),
                               from.empty() ? "it does not run" : from + " goes on"));
    }
    probations_.push_back({report->value("ticket", std::uint64_t{0}), from, to, plugins});
    say(fmt::format("live: {}{}{} in {:.1f} ms, the host's own share {:.1f} ms", from,
                    from.empty() ? "" : " -> ", to, ms(answered - saved), ms(answered - asked)));
}

void DevLoop::look_at_probations(const FindHost& find_host) {
    if (probations_.empty() || clock_.now() < next_look_) return;
    next_look_ = clock_.now() + probation_look;
    const auto host = find_host();
    const auto answer = host ? ask_host(*host, "/api/swaps") : host.error();
    if (!answer) return probations_.clear();  // the next swap will say what is wrong with the host
    const Json swaps = answer->value("swaps", Json::array());
    std::erase_if(probations_, [&](const Probation& probation) {
        const auto found = std::find_if(swaps.begin(), swaps.end(), [&](const Json& one) {
            return one.value("ticket", std::uint64_t{0}) == probation.ticket;
        });
        if (found == swaps.end()) return true;
        if (text_of(*found, "outcome") == "rolled_back") {
            say(fmt::format("rolled back: {} -> {}: {}", probation.to, probation.from,
                            text_of(*found, "reason")));
            for (const Json& one : probation.plugins) {
                build_ids_[text_of(one, "plugin")] = "rolled back";
                if (probation.plugins.size() > 1) refused_.insert(text_of(one, "plugin"));
            }
            return true;
        }
        return found->value("settled", true);
    });
}

}  // namespace gantry::app
