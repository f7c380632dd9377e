// CMakeProject: what `gantry dev` knows of the project that it builds, from CMake's own file API.
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/core/result.h"

namespace gantry::app {

/// One target of the project, such as a plugin or a static library that plugins link.
struct CMakeTarget {
    std::string name;
    std::filesystem::path library;            ///< what a MODULE target makes; else empty
    std::set<std::filesystem::path> sources;  ///< those that are compiled
    std::vector<std::size_t> needs;           ///< targets by their index
};

struct CMakeModel {
    std::filesystem::path source;
    std::vector<CMakeTarget> targets;
};

/// Where a project lies and where it is built, both absolute.
struct CMakeProject {
    std::filesystem::path source;
    std::filesystem::path build;

    /// Without `build`: the folder `build` in `source`, or the only one in there that CMake has
    /// configured. It need not exist yet. An error says which of the two is wrong.
    static Result<CMakeProject> find(const std::filesystem::path& source,
                                     const std::filesystem::path& build);

    /// Makes the next configuration leave its model behind.
    Result<Done> ask_for_model() const;
    /// What the last configuration left.
    Result<CMakeModel> model() const;
    bool configured() const;
};

/// A plugin and the target that makes it.
struct PluginTarget {
    std::string target;
    std::filesystem::path library;
    std::size_t index = 0;  ///< in CMakeModel::targets
};

/// The targets that `names` names; without names those that make the `<plugin>.so` of `plugins`.
Result<std::vector<PluginTarget>> choose_targets(const CMakeModel& model,
                                                 const std::vector<std::string>& plugins,
                                                 const std::vector<std::string>& names);

/// Which of `chosen` may look different after a change of `file`: those that compile it or need
/// what does. All of them when no target compiles it, as with a header, a schema, a
/// CMakeLists.txt: what hangs on it, the build knows.
std::vector<PluginTarget> changed_by(const CMakeModel& model,
                                     const std::vector<PluginTarget>& chosen,
                                     const std::filesystem::path& file);

/// A file that a build may read and that a person may have written: by its ending, for the
/// temporary files of editors have others.
bool is_source(const std::filesystem::path& file);
/// Whether a folder is worth watching: neither hidden nor a folder that CMake builds in.
bool holds_sources(const std::filesystem::path& folder);

}  // namespace gantry::app
