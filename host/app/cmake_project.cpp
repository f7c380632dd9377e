#include "host/app/cmake_project.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace gantry::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using nlohmann::literals::operator""_json_pointer;

constexpr const char* query_folder = ".cmake/api/v1/query/client-gantry";
constexpr const char* reply_folder = ".cmake/api/v1/reply";
constexpr const char* cache_file = "CMakeCache.txt";

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

/// Absolute and without links; what does not exist yet may stand at the end.
fs::path real_path(const fs::path& path) {
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    const fs::path real = fs::weakly_canonical(absolute, error);
    if (error) return absolute;
    return real.has_filename() ? real : real.parent_path();
}

/// The source folder that a build folder was configured for; empty when it never was.
fs::path source_of(const fs::path& build) {
    constexpr std::string_view key = "CMAKE_HOME_DIRECTORY:INTERNAL=";
    std::ifstream cache{build / cache_file};
    for (std::string line; std::getline(cache, line);) {
        if (line.starts_with(key)) return real_path(line.substr(key.size()));
    }
    return {};
}

std::string list_of(const std::vector<std::string>& names) {
    constexpr std::size_t names_max = 12;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), names_max); ++i) {
        if (i != 0) list += ", ";
        list += names[i];
    }
    if (names.size() > names_max) list += fmt::format(" and {} more", names.size() - names_max);
    return list.empty() ? "none" : list;
}

Result<fs::path> find_build(const fs::path& source) {
    const fs::path usual = source / "build";
    if (is_there(usual / cache_file)) return usual;
    std::vector<std::string> below;
    std::error_code error;
    for (fs::directory_iterator it{usual, error}, end; !error && it != end; it.increment(error)) {
        if (source_of(it->path()) == source) below.push_back(it->path().string());
    }
    std::sort(below.begin(), below.end());
    if (below.empty()) return usual;
    if (below.size() == 1) return fs::path{below.front()};
    return Error{Status::invalid, fmt::format("{} is built in several folders: {}; name one with "
                                              "--build",
                                              source.string(), list_of(below))};
}

Result<Json> read_json(const fs::path& file) {
    std::ifstream in{file};
    Json json = Json::parse(in, nullptr, false);
    if (!in.is_open() || !json.is_object()) {
        return Error{Status::invalid,
                     fmt::format("{} is not what CMake writes; configure the build folder again "
                                 "with `cmake {}`",
                                 file.string(), file.parent_path().string())};
    }
    return json;
}

CMakeTarget read_target(const Json& json, const fs::path& source, const fs::path& build) {
    CMakeTarget target;
    target.name = json.value("name", "");
    const std::string made = json.value("/artifacts/0/path"_json_pointer, "");
    if (json.value("type", "") == "MODULE_LIBRARY" && !made.empty()) {
        target.library = real_path(build / made);
    }
    for (const Json& one : json.value("sources", Json::array())) {
        if (!one.contains("compileGroupIndex")) continue;  // headers only stand in the list
        target.sources.insert(real_path(source / one.value("path", "")));
    }
    return target;
}

/// The target itself, or one that it needs, however far away.
bool depends_on(const CMakeModel& model, std::size_t target, const std::set<std::size_t>& any_of) {
    std::vector<std::size_t> left{target};
    std::set<std::size_t> seen{target};
    while (!left.empty()) {
        const std::size_t now = left.back();
        left.pop_back();
        if (any_of.contains(now)) return true;
        for (const std::size_t needed : model.targets[now].needs) {
            if (seen.insert(needed).second) left.push_back(needed);
        }
    }
    return false;
}

Result<PluginTarget> target_named(const CMakeModel& model, const std::string& name) {
    std::vector<std::string> plugins;
    for (std::size_t i = 0; i < model.targets.size(); ++i) {
        const CMakeTarget& one = model.targets[i];
        if (!one.library.empty()) plugins.push_back(one.name);
        if (one.name != name) continue;
        if (!one.library.empty()) return PluginTarget{one.name, one.library, i};
        return Error{Status::invalid, fmt::format("the target {} of {} makes no plugin; "
                                                  "gantry_add_plugin() declares those that do",
                                                  name, model.source.string())};
    }
    return Error{Status::not_found, fmt::format("{} has no target {}; its plugins are {}",
                                                model.source.string(), name, list_of(plugins))};
}

}  // namespace

Result<CMakeProject> CMakeProject::find(const fs::path& source, const fs::path& build) {
    CMakeProject project;
    project.source = real_path(source);
    if (!is_there(project.source / "CMakeLists.txt")) {
        return Error{Status::not_found,
                     fmt::format("{} has no CMakeLists.txt: run `gantry dev` in the folder of a "
                                 "plugin's project, or name that with --source",
                                 project.source.string())};
    }
    const auto found = build.empty() ? find_build(project.source) : real_path(build);
    if (!found) return found.error();
    project.build = *found;
    const fs::path of = source_of(project.build);
    if (!of.empty() && of != project.source) {
        return Error{Status::invalid,
                     fmt::format("the build folder {} is for {}, not for {}: name another with "
                                 "--build",
                                 project.build.string(), of.string(), project.source.string())};
    }
    return project;
}

bool CMakeProject::configured() const { return is_there(build / cache_file); }

Result<Done> CMakeProject::ask_for_model() const {
    std::error_code error;
    fs::create_directories(build / query_folder, error);
    const std::ofstream query{build / query_folder / "codemodel-v2"};
    if (error || !query.is_open()) {
        return Error{Status::refused,
                     fmt::format("cannot write into the build folder {}{}{}", build.string(),
                                 error ? ": " : "", error ? error.message() : "")};
    }
    return Done{};
}

Result<CMakeModel> CMakeProject::model() const {
    const fs::path folder = build / reply_folder;
    fs::path newest;  // of several, CMake says, the one with the greatest name
    std::error_code error;
    for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().filename().string().starts_with("index-"))
            newest = std::max(newest, it->path());
    }
    const auto index = read_json(newest);
    if (!index) return index.error();
    const auto reply = index->value("/reply/client-gantry"_json_pointer, Json::object());
    if (!reply.contains("codemodel-v2") || !reply["codemodel-v2"].contains("jsonFile")) {
        return Error{Status::unavailable,
                     fmt::format("{} was not told of the project's targets: `gantry dev` wants "
                                 "CMake 3.23 or later",
                                 build.string())};
    }
    const auto code = read_json(folder / reply["codemodel-v2"].value("jsonFile", ""));
    if (!code) return code.error();
    CMakeModel model;
    model.source = source;
    std::map<std::string, std::size_t> index_of;
    std::vector<Json> descriptions;
    const auto targets = code->value("/configurations/0/targets"_json_pointer, Json::array());
    for (const Json& one : targets) {
        auto description = read_json(folder / one.value("jsonFile", ""));
        if (!description) return description.error();
        index_of[one.value("id", "")] = model.targets.size();
        model.targets.push_back(read_target(*description, source, build));
        descriptions.push_back(std::move(*description));
    }
    for (std::size_t i = 0; i < descriptions.size(); ++i) {
        for (const Json& one : descriptions[i].value("dependencies", Json::array())) {
            const auto found = index_of.find(one.value("id", ""));
            if (found != index_of.end()) model.targets[i].needs.push_back(found->second);
        }
    }
    return model;
}

Result<std::vector<PluginTarget>> choose_targets(const CMakeModel& model,
                                                 const std::vector<std::string>& plugins,
                                                 const std::vector<std::string>& names) {
    std::vector<PluginTarget> chosen;
    for (const std::string& name : names) {
        auto target = target_named(model, name);
        if (!target) return target.error();
        chosen.push_back(std::move(*target));
    }
    if (!chosen.empty()) return chosen;
    std::vector<std::string> others;
    for (std::size_t i = 0; i < model.targets.size(); ++i) {
        const CMakeTarget& one = model.targets[i];
        if (one.library.empty()) continue;
        const std::string made = one.library.stem().string();
        if (std::find(plugins.begin(), plugins.end(), made) == plugins.end()) {
            others.push_back(one.name);
            continue;
        }
        for (const PluginTarget& other : chosen) {
            if (other.library.stem() != one.library.stem()) continue;
            return Error{Status::invalid,
                         fmt::format("the targets {} and {} both make {}: choose with --target",
                                     other.target, one.name, one.library.filename().string())};
        }
        chosen.push_back({one.name, one.library, i});
    }
    if (!chosen.empty()) return chosen;
    return Error{Status::not_found,
                 fmt::format("no target of {} makes the library of a plugin that the host runs "
                             "({}); others are {}, to be named with --target",
                             model.source.string(), list_of(plugins), list_of(others))};
}

std::vector<PluginTarget> changed_by(const CMakeModel& model,
                                     const std::vector<PluginTarget>& chosen,
                                     const fs::path& file) {
    std::set<std::size_t> compile_it;
    for (std::size_t i = 0; i < model.targets.size(); ++i) {
        if (model.targets[i].sources.contains(file)) compile_it.insert(i);
    }
    if (compile_it.empty()) return chosen;
    std::vector<PluginTarget> changed;
    for (const PluginTarget& one : chosen) {
        if (depends_on(model, one.index, compile_it)) changed.push_back(one);
    }
    return changed;
}

bool is_source(const fs::path& file) {
    static constexpr std::array endings{".c",   ".cc",  ".cpp",  ".cxx",   ".h",   ".hh",
                                        ".hpp", ".hxx", ".inc",  ".inl",   ".ipp", ".tpp",
                                        ".S",   ".ixx", ".cppm", ".proto", ".fbs", ".cmake"};
    const std::string name = file.filename().string();
    if (name.starts_with('.')) return false;
    if (name == "CMakeLists.txt") return true;
    const std::string ending = file.extension().string();
    return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

bool holds_sources(const fs::path& folder) {
    const std::string name = folder.filename().string();
    return !name.starts_with('.') && name != "CMakeFiles" && !is_there(folder / cache_file);
}

}  // namespace gantry::app
