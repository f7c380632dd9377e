// DevLoop: what `gantry dev` does: waits for a save, builds, has the host swap, tells how long each
// took.
#pragma once
#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/admin/runtime_file.h"
#include "host/app/cmake_project.h"
#include "host/core/clock.h"
#include "host/platform/tree_watch.h"

namespace gantry::app {

/// Speaks to standard output; what goes wrong after open() is said there too, and the loop goes on.
/// [one thread]
class DevLoop {
public:
    using Stopped = std::function<bool()>;
    using FindHost = std::function<Result<admin::RuntimeInfo>()>;

    /// Configures the project, finds the targets that `targets` names or that make `plugins`, and
    /// begins to watch. Status::cancelled when stopped before that.
    static Result<std::unique_ptr<DevLoop>> open(const CMakeProject& project,
                                                 const std::vector<std::string>& plugins,
                                                 const std::vector<std::string>& targets,
                                                 const Stopped& stopped);

    /// Builds all targets; until it has passed, again after each save. False when stopped before.
    bool build_until_passed(const Stopped& stopped);
    const std::vector<PluginTarget>& targets() const noexcept { return targets_; }
    /// The files that the host's manifest is made of: a save of one is told, too.
    void watch_manifest(const std::vector<std::string>& files);
    /// Until a source or the manifest was saved. False when stopped before.
    bool wait_for_change(const Stopped& stopped);

    /// Brings a running host to what is built, then follows the sources until stopped. The host is
    /// looked for at every swap, for it may have been started anew.
    void follow(const FindHost& find_host, const Stopped& stopped);

private:
    struct Save {
        std::vector<std::filesystem::path> files;
        bool any = false;  ///< any file may have changed
        TimeNs at = 0;
        TimeNs settled = 0;
    };
    /// A swap whose probation may still take it back.
    struct Probation {
        std::uint64_t ticket = 0;
        std::string from;
        std::string to;
        nlohmann::json plugins;
    };
    DevLoop(CMakeProject project, CMakeModel model, std::vector<PluginTarget> targets,
            std::unique_ptr<platform::TreeWatch> watch)
        : project_{std::move(project)},
          model_{std::move(model)},
          targets_{std::move(targets)},
          watch_{std::move(watch)} {}

    std::optional<Save> wait_for_save();
    /// The file of the manifest that was saved since the last look, or nothing.
    std::optional<std::filesystem::path> take_manifest_save();
    std::vector<PluginTarget> targets_of(const Save& save) const;
    bool build(const std::vector<PluginTarget>& targets, const Stopped& stopped);
    void renew(const std::vector<std::filesystem::path>& files) const;
    void take_model();
    void note_running(const FindHost& find_host);
    void take_save(const Save& save, const FindHost& find_host, const Stopped& stopped);
    void swap(const std::vector<PluginTarget>& built, TimeNs saved, const FindHost& find_host);
    void note_outcome(const nlohmann::json& plugins, bool taken);
    void ask(const nlohmann::json& plugins, TimeNs saved, const FindHost& find_host);
    void look_at_probations(const FindHost& find_host);

    CMakeProject project_;
    CMakeModel model_;
    std::vector<PluginTarget> targets_;
    std::unique_ptr<platform::TreeWatch> watch_;
    std::map<std::filesystem::path, std::filesystem::file_time_type> manifest_;  ///< by file
    core::SystemClock clock_;
    std::map<std::string, std::string> build_ids_;  ///< by plugin, of what the host has taken last
    std::set<std::string> refused_;                 ///< plugins whose newest library was not taken
    std::vector<PluginTarget> unbuilt_;             ///< by the last build, which failed
    std::vector<Probation> probations_;
    TimeNs next_look_ = 0;
    std::filesystem::file_time_type build_began_;
    std::filesystem::file_time_type build_ended_;
};

/// Name and build id of the plugin in a library file; empty where it cannot be read.
struct LibraryMark {
    std::string plugin;
    std::string build_id;
};
LibraryMark mark_of(const std::filesystem::path& library);

}  // namespace gantry::app
