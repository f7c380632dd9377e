// StaticFiles: what a web root serves, and the ways out of it that are shut.
#include "host/admin/static_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/admin/fake_backend.h"

using namespace gantry;
using namespace gantry::admin;
namespace fs = std::filesystem;

namespace {

/// base/web/… is a root; base/secret.txt lies beside it.
class Folder {
public:
    Folder() : base_{fs::temp_directory_path() / ("gantry-web-" + std::to_string(::getpid()))} {
        fs::create_directories(base_ / "web/sub");
        fs::create_directories(base_ / "other");
        write("web/index.html", "<p>hello");
        write("web/app.js", "let x");
        write("web/sub/a b.css", "p{}");
        write("web/.hidden", "no");
        write("other/index.html", "other");
        write("secret.txt", "secret");
        write("webby.txt", "beside the root, with its name as a prefix");
        fs::create_symlink(base_ / "secret.txt", base_ / "web/link.txt");
        fs::create_symlink(base_, base_ / "web/up");
        fs::create_symlink("app.js", base_ / "web/inside.js");
    }
    ~Folder() { fs::remove_all(base_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::ofstream{base_ / name} << text;
    }
    std::string path(const std::string& name) const { return (base_ / name).string(); }
    net::HttpResponse get(const std::string& target,
                          std::vector<net::HttpHeader> headers = {}) const {
        const StaticFiles files{{{"/", path("web")}, {"/other/", path("other")}}};
        return files.get(test::request("GET", target, std::move(headers)));
    }

private:
    fs::path base_;
};

}  // namespace

TEST_CASE("files of the root are served with their type, folders by their index") {
    const Folder folder;
    CHECK(folder.get("/").body == "<p>hello");
    CHECK(folder.get("/").header("Content-Type") == "text/html; charset=utf-8");
    CHECK(folder.get("/app.js?v=1").body == "let x");
    CHECK(folder.get("/app.js").header("Content-Type") == "text/javascript; charset=utf-8");
    CHECK(folder.get("/sub/a%20b.css").header("Content-Type") == "text/css; charset=utf-8");
    CHECK(folder.get("/inside.js").body == "let x");
    CHECK(folder.get("/other/").body == "other");
}

TEST_CASE("a client that has the file gets 304, a changed file a new tag") {
    const Folder folder;
    const std::string tag{folder.get("/app.js").header("ETag")};
    const auto again = folder.get("/app.js", {{"If-None-Match", "\"x\", " + tag}});
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(again.header("ETag") == tag);
    folder.write("web/app.js", "let y");
    CHECK(folder.get("/app.js", {{"If-None-Match", tag}}).body == "let y");
}

TEST_CASE("nothing outside the root is served, however it is asked for") {
    const Folder folder;
    for (const char* target : {"/../secret.txt",
                               "/%2e%2e/secret.txt",
                               "/..%2fsecret.txt",
                               "/sub/../../secret.txt",
                               "/sub/..%2f..%2fsecret.txt",
                               "/%2e%2e%2fsecret.txt",
                               "/..\\secret.txt",
                               "/..%5csecret.txt",
                               "/link.txt",
                               "/up/secret.txt",
                               "//etc/passwd",
                               "/%2fetc/passwd",
                               "/./app.js",
                               "/.hidden",
                               "/sub/%00",
                               "/app.js%00.html",
                               "/app.js/",
                               "/%",
                               "/%4",
                               "/%zz",
                               "",
                               "app.js",
                               "http://127.0.0.1/app.js",
                               "/../webby.txt",
                               "/sub",
                               "/nothing",
                               "/c:/x",
                               "/%252e%252e/secret.txt"}) {
        CAPTURE(target);
        CHECK(folder.get(target).status == 404);
    }
}

TEST_CASE("a root that is not there serves nothing") {
    const StaticFiles files{{{"/", "/nonexistent/folder"}}};
    CHECK(files.get(test::request("GET", "/")).status == 404);
    CHECK(StaticFiles{{}}.get(test::request("GET", "/")).status == 404);
}

TEST_CASE("a file without a known ending is bytes") {
    CHECK(content_type("x") == "application/octet-stream");
    CHECK(content_type("x.exe") == "application/octet-stream");
    CHECK(content_type("a.svg") == "image/svg+xml");
}
