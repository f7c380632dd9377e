// CMakeProject: from a changed file to the plugins that have to be built anew.
#include "host/app/cmake_project.h"

#include <doctest/doctest.h>

#include <fstream>

#include "host/platform/shadow_copy.h"

using namespace gantry;
using namespace gantry::app;
namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path = fs::canonical(*platform::make_private_folder());
    ~Folder() { fs::remove_all(path); }
    void write(const fs::path& name, const std::string& text = "") const {
        fs::create_directories((path / name).parent_path());
        std::ofstream{path / name} << text;
    }
    void configured(const fs::path& build, const fs::path& source) const {
        write(build / "CMakeCache.txt",
              "# a comment\nCMAKE_HOME_DIRECTORY:INTERNAL=" + source.string() + "\n");
    }
};

/// Two plugins with a source of their own and one that both compile; a static library that one of
/// them links through another; a program.
CMakeModel model() {
    CMakeModel model;
    model.source = "/p";
    model.targets = {{"chat", "/p/build/chat.so", {"/p/chat.cpp", "/p/words.cpp"}, {2}},
                     {"echo", "/p/build/echo.so", {"/p/echo.cpp", "/p/words.cpp"}, {}},
                     {"middle", "", {"/p/middle.cpp"}, {3}},
                     {"base", "", {"/p/base.cpp"}, {2}},  // in a circle, as static libraries may be
                     {"tool", "", {"/p/tool.cpp"}, {}}};
    return model;
}

std::string targets(const std::vector<PluginTarget>& list) {
    std::string names;
    for (const PluginTarget& one : list) {
        if (!names.empty()) names += ' ';
        names += one.target;
    }
    return names;
}

std::string changed(const std::string& file) {
    const CMakeModel all = model();
    return targets(changed_by(all, *choose_targets(all, {"chat", "echo"}, {}), file));
}

bool says(const Error& error, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        if (error.message.find(text) == std::string::npos) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a source changes the plugins that compile it or link what does") {
    CHECK(changed("/p/chat.cpp") == "chat");
    CHECK(changed("/p/echo.cpp") == "echo");
    CHECK(changed("/p/words.cpp") == "chat echo");
    CHECK(changed("/p/middle.cpp") == "chat");
    CHECK(changed("/p/base.cpp") == "chat");
    CHECK(changed("/p/tool.cpp").empty());
}

TEST_CASE("of a header, a schema or a CMakeLists.txt the build knows best what it changes") {
    for (const char* file : {"/p/words.h", "/p/chat.proto", "/p/CMakeLists.txt"}) {
        CHECK(changed(file) == "chat echo");
    }
}

TEST_CASE("sources are told by their ending, so the temporary files of editors do not count") {
    for (const char* name : {"a.cpp", "a.h", "a.proto", "a.fbs", "CMakeLists.txt", "x.cmake"}) {
        CHECK(is_source(fs::path{"/p"} / name));
    }
    for (const char* name : {"a.cpp~", ".a.cpp.swp", "4913", "#a.cpp#", ".#a.cpp", "a.so", "a.o",
                             "a.cpp.tmp", "notes.txt", ".clang-format"}) {
        CHECK_FALSE(is_source(fs::path{"/p"} / name));
    }
}

TEST_CASE("hidden folders and those that CMake builds in hold no sources") {
    const Folder folder;
    folder.configured("out", folder.path);
    fs::create_directories(folder.path / "src");
    CHECK(holds_sources(folder.path / "src"));
    CHECK_FALSE(holds_sources(folder.path / "out"));
    CHECK_FALSE(holds_sources(folder.path / ".git"));
}

TEST_CASE("without a name the targets are those whose library is named as a plugin") {
    CHECK(targets(*choose_targets(model(), {"echo", "other"}, {})) == "echo");
    CHECK(targets(*choose_targets(model(), {}, {"chat"})) == "chat");
}

TEST_CASE("a wrong target has a sentence with those that there are") {
    const auto unknown = choose_targets(model(), {}, {"chatt"});
    CHECK(says(unknown.error(), {"/p has no target chatt", "chat, echo"}));
    const auto program = choose_targets(model(), {}, {"tool"});
    CHECK(says(program.error(), {"tool", "makes no plugin", "gantry_add_plugin"}));
    const auto none = choose_targets(model(), {"arena"}, {});
    CHECK(says(none.error(), {"(arena)", "chat, echo", "--target"}));
}

TEST_CASE("of two targets that make the same library one has to be chosen") {
    CMakeModel all = model();
    all.targets.push_back({"echo_too", "/p/build/more/echo.so", {}, {}});
    const auto both = choose_targets(all, {"echo"}, {});
    CHECK(says(both.error(), {"echo and echo_too", "echo.so", "--target"}));
    CHECK(targets(*choose_targets(all, {"echo"}, {"echo_too"})) == "echo_too");
}

TEST_CASE("a folder without a CMakeLists.txt is no project") {
    const Folder folder;
    const auto project = CMakeProject::find(folder.path, {});
    CHECK(says(project.error(), {folder.path.string(), "no CMakeLists.txt", "--source"}));
}

TEST_CASE("the build folder is the named one, build, or the only one below build") {
    const Folder folder;
    folder.write("CMakeLists.txt");
    CHECK(CMakeProject::find(folder.path, {})->build == folder.path / "build");
    CHECK_FALSE(CMakeProject::find(folder.path, {})->configured());

    folder.configured("build/dev", folder.path);
    folder.configured("build/foreign", "/elsewhere");
    CHECK(CMakeProject::find(folder.path, {})->build == folder.path / "build/dev");
    CHECK(CMakeProject::find(folder.path, {})->configured());

    folder.configured("build/more", folder.path);
    const auto project = CMakeProject::find(folder.path, {});
    CHECK(says(project.error(), {"build/dev, ", "build/more", "--build"}));
    CHECK(CMakeProject::find(folder.path, folder.path / "build/more/")->build ==
          folder.path / "build/more");
}

TEST_CASE("a build folder of another source is refused with both names") {
    const Folder folder;
    folder.write("CMakeLists.txt");
    folder.configured("build", "/elsewhere");
    const auto project = CMakeProject::find(folder.path, {});
    CHECK(says(project.error(), {"/elsewhere", folder.path.string(), "--build"}));
}

TEST_CASE("the model is read from what CMake wrote last, paths made whole") {
    const Folder folder;
    folder.write("CMakeLists.txt");
    const auto project = *CMakeProject::find(folder.path, {});
    CHECK(project.ask_for_model());
    CHECK(fs::exists(folder.path / "build/.cmake/api/v1/query/client-gantry/codemodel-v2"));
    CHECK_FALSE(project.model());

    const fs::path reply = "build/.cmake/api/v1/reply";
    folder.write(reply / "index-2.json",
                 R"({"reply": {"client-gantry": {"codemodel-v2": {"jsonFile": "code.json"}}}})");
    folder.write(reply / "index-1.json", "of an earlier configuration");
    folder.write(reply / "code.json", R"({"configurations": [{"targets": [
        {"id": "b", "jsonFile": "b.json"}, {"id": "a", "jsonFile": "a.json"}]}]})");
    folder.write(reply / "a.json", R"({"name": "a", "type": "MODULE_LIBRARY",
        "artifacts": [{"path": "out/a.so"}], "dependencies": [{"id": "b"}, {"id": "unknown"}],
        "sources": [{"path": "src/a.cpp", "compileGroupIndex": 0}, {"path": "src/a.h"}]})");
    folder.write(reply / "b.json", R"({"name": "b", "type": "STATIC_LIBRARY",
        "artifacts": [{"path": "libb.a"}],
        "sources": [{"path": "/elsewhere/b.cpp", "compileGroupIndex": 0}]})");
    const auto read = project.model();
    REQUIRE(read);
    REQUIRE(read->targets.size() == 2);
    CHECK(read->targets[0].library.empty());
    CHECK(read->targets[0].sources == std::set<fs::path>{"/elsewhere/b.cpp"});
    CHECK(read->targets[1].name == "a");
    CHECK(read->targets[1].library == folder.path / "build/out/a.so");
    CHECK(read->targets[1].sources == std::set<fs::path>{folder.path / "src/a.cpp"});
    CHECK(read->targets[1].needs == std::vector<std::size_t>{0});

    folder.write(reply / "code.json", "cut in the mid");
    CHECK(says(project.model().error(), {"code.json"}));
    folder.write(reply / "index-2.json", R"({"reply": {}})");
    CHECK(says(project.model().error(), {"CMake 3.23"}));
}
