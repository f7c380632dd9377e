// RuntimeFile: found by its owner while the host runs, trusted only when nobody else could write
// it.
#include "host/admin/runtime_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace gantry;
using namespace gantry::admin;
namespace fs = std::filesystem;

namespace {

/// Points XDG_RUNTIME_DIR to an empty folder for the length of a test.
class Folder {
public:
    Folder() : path_{fs::temp_directory_path() / ("gantry-run-" + std::to_string(::getpid()))} {
        fs::remove_all(path_);
        fs::create_directories(path_);
        ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
    }
    ~Folder() {
        ::unsetenv("XDG_RUNTIME_DIR");
        fs::remove_all(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path inside() const { return path_ / "gantry"; }

private:
    fs::path path_;
};

RuntimeInfo info(const std::string& name, std::int64_t pid) {
    return {name, pid, "http://127.0.0.1:1", "secret-token", "config/arena.json"};
}

unsigned mode(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
}

}  // namespace

TEST_CASE("a running host is found, by its owner only, until it ends") {
    const Folder folder;
    CHECK(running_hosts()->empty());
    {
        const auto file = RuntimeFile::write(info("arena", ::getpid()));
        REQUIRE_MESSAGE(file, file.error().message);
        CHECK(mode(folder.inside()) == 0700);
        CHECK(mode(file->path()) == 0600);
        const auto found = find_host("");
        REQUIRE_MESSAGE(found, found.error().message);
        CHECK(found->name == "arena");
        CHECK(found->pid == ::getpid());
        CHECK(found->url == "http://127.0.0.1:1");
        CHECK(found->token == "secret-token");
        CHECK(found->manifest == "config/arena.json");
    }
    CHECK(find_host("").error().message ==
          "no host of yours is running; `gantry run FILE` starts one");
}

TEST_CASE("one of several is chosen by name, and the error lists them") {
    const Folder folder;
    const auto a = RuntimeFile::write(info("arena", ::getpid()));
    const auto b = RuntimeFile::write(info("chat", ::getppid()));
    CHECK(find_host("chat")->name == "chat");
    const std::string list = "arena (pid " + std::to_string(::getpid()) + "), chat (pid " +
                             std::to_string(::getppid()) + ")";
    CHECK(find_host("").error().message == "which host? there is " + list);
    CHECK(find_host("ghost").error().message ==
          "no host named \"ghost\" is running; there is " + list);
}

TEST_CASE("the file of a dead host is removed") {
    const Folder folder;
    auto dead = RuntimeFile::write(info("dead", 0x7fffffff));  // above the largest pid of Linux
    CHECK(running_hosts()->empty());
    CHECK_FALSE(fs::exists(dead->path()));
}

TEST_CASE("files that others could have written, or that are no such files, are passed over") {
    const Folder folder;
    const auto good = RuntimeFile::write(info("good", ::getpid()));
    fs::copy_file(good->path(), folder.inside() / "open.1.json");
    fs::permissions(folder.inside() / "open.1.json", fs::perms{0666});
    fs::create_symlink(good->path(), folder.inside() / "link.1.json");
    std::ofstream{folder.inside() / "broken.1.json"} << "{\"name\": 7}";
    std::ofstream{folder.inside() / "huge.1.json"} << std::string(100'000, ' ');
    REQUIRE(::mkfifo((folder.inside() / "pipe.1.json").c_str(), 0600) == 0);
    CHECK(running_hosts()->size() == 1);
}

TEST_CASE("a folder that others may enter is refused") {
    const Folder folder;
    fs::create_directories(folder.inside());
    fs::permissions(folder.inside(), fs::perms{0755});
    CHECK(runtime_folder().error().message ==
          folder.inside().string() + ": this is no folder of yours with mode 0700");
    fs::remove(folder.inside());
    fs::create_directory_symlink("/tmp", folder.inside());
    CHECK_FALSE(runtime_folder());
}
