// TreeWatch: every file below a folder that was written, moved or removed, and nothing of folders
// left out.
#include "host/platform/tree_watch.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "host/platform/shadow_copy.h"

using namespace gantry;
using namespace gantry::platform;
namespace fs = std::filesystem;

namespace {

/// A folder with its watch. What the system tells of a change, it tells before the call that made
/// the change returns: nobody has to wait here.
struct Tree {
    fs::path root = *make_private_folder();
    std::unique_ptr<TreeWatch> watch;

    void open() {
        auto opened = TreeWatch::open(
            root, [](const fs::path& folder) { return folder.filename() != "left_out"; });
        REQUIRE(opened);
        watch = std::move(*opened);
    }
    ~Tree() { fs::remove_all(root); }

    void write(const std::string& name, const std::string& text = "text") const {
        std::ofstream{root / name} << text;
    }
    /// The names relative to the root.
    std::vector<std::string> take() const {
        const TreeWatch::Changes changes = watch->take();
        std::vector<std::string> names;
        if (changes.more) names.push_back("more");
        for (const fs::path& file : changes.files) {
            names.push_back(fs::relative(file, root).string());
        }
        return names;
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a file that is written, moved here or removed is told once, with its path") {
    Tree tree;
    fs::create_directories(tree.root / "src/deep");
    tree.write("src/deep/old.cpp");
    tree.open();
    CHECK(tree.take().empty());

    tree.write("src/deep/a.cpp");
    tree.write("src/deep/a.cpp");
    CHECK(tree.take() == Names{"src/deep/a.cpp"});
    CHECK(tree.take().empty());

    fs::rename(tree.root / "src/deep/a.cpp", tree.root / "b.cpp");
    CHECK(tree.take() == Names{"b.cpp", "src/deep/a.cpp"});
    fs::remove(tree.root / "src/deep/old.cpp");
    CHECK(tree.take() == Names{"src/deep/old.cpp"});
}

TEST_CASE("a file that is still open for writing does not count yet") {
    Tree tree;
    tree.open();
    std::ofstream file{tree.root / "a.cpp"};
    file << "half" << std::flush;
    CHECK(tree.take().empty());
    file.close();
    CHECK(tree.take() == Names{"a.cpp"});
}

TEST_CASE("a folder that comes later is watched with what lies in it already") {
    Tree tree;
    tree.open();
    fs::create_directories(tree.root / "new/inner");
    tree.write("new/inner/a.cpp");
    CHECK(tree.take() == Names{"new/inner/a.cpp"});
    tree.write("new/inner/b.cpp");
    CHECK(tree.take() == Names{"new/inner/b.cpp"});
}

TEST_CASE("a folder that was moved is told of by its new name, one that left not at all") {
    Tree tree;
    fs::create_directories(tree.root / "old");
    Tree elsewhere;
    tree.open();
    fs::rename(tree.root / "old", tree.root / "new");
    CHECK(tree.take().empty());
    tree.write("new/a.cpp");
    CHECK(tree.take() == Names{"new/a.cpp"});

    fs::rename(tree.root / "new", elsewhere.root / "new");
    CHECK(tree.take().empty());
    elsewhere.write("new/b.cpp");
    CHECK(tree.take().empty());
}

TEST_CASE("folders that are left out and links to folders are not looked into") {
    Tree tree;
    Tree elsewhere;
    fs::create_directories(tree.root / "left_out");
    fs::create_directory_symlink(elsewhere.root, tree.root / "link");
    tree.open();
    fs::create_directories(tree.root / "src/left_out");
    CHECK(tree.take().empty());
    tree.write("left_out/a.cpp");
    tree.write("src/left_out/a.cpp");
    elsewhere.write("a.cpp");
    CHECK(tree.take().empty());
}

TEST_CASE("of very many changes at once some are told, and that there are more") {
    Tree tree;
    tree.open();
    for (std::size_t i = 0; i <= TreeWatch::files_max; ++i) tree.write(std::to_string(i) + ".cpp");
    const auto changes = tree.watch->take();
    CHECK(changes.more);
    CHECK(changes.files.size() == TreeWatch::files_max);
    CHECK(tree.take().empty());
}

TEST_CASE("a folder that is not there cannot be watched, and the error names it") {
    const auto watch = TreeWatch::open("/nowhere/at/all", [](const fs::path&) { return true; });
    REQUIRE_FALSE(watch);
    CHECK(watch.error().status == Status::not_found);
    CHECK(watch.error().message.find("/nowhere/at/all") != std::string::npos);
}
