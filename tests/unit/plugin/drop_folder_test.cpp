// DropFolder: a file counts once it is whole and still, and nothing else counts.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "host/platform/shadow_copy.h"
#include "host/plugin/drop_folder.h"

using namespace gantry;
using namespace gantry::plugin;

namespace {

struct Folder {
    std::filesystem::path path = *platform::make_private_folder();
    ~Folder() { platform::remove_folder(path); }
    void write(const std::string& name, const std::vector<std::byte>& bytes) const {
        std::ofstream out{path / name, std::ios::binary};
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
    }
};

}  // namespace

TEST_CASE("a library is shown once it has stopped changing, and its removal too") {
    const Folder folder;
    const auto bytes = *platform::read_library(FIXTURE_GOOD);
    DropFolder drop{folder.path};
    TimeNs now = ns_per_s;
    CHECK(drop.look(now).came.empty());

    folder.write("good.so", {bytes.begin(), bytes.begin() + 1000});
    CHECK(drop.look(now += ns_per_ms).came.empty());  // still being written
    folder.write("good.so", bytes);
    CHECK(drop.look(now += ns_per_ms).came.empty());  // has changed: the wait begins anew
    const auto changes = drop.look(now += DropFolder::rescan_time);
    REQUIRE(changes.came.size() == 1);
    CHECK(changes.came[0].name == "good");
    CHECK(changes.came[0].error.empty());
    CHECK(drop.look(now += DropFolder::rescan_time).came.empty());  // only once
    CHECK(drop.newest("good") != nullptr);
    CHECK(drop.find("good", "9.9.9") == nullptr);

    std::filesystem::remove(folder.path / "good.so");
    const auto gone = drop.look(now += DropFolder::rescan_time).gone;
    REQUIRE(gone.size() == 1);
    CHECK(drop.all().empty());
}

// `gantry swap plugins/x.so` and `gantry remove x` were sometimes followed by the folder, which
// takes its time to look at a new file and then loaded what had just been taken out.
TEST_CASE("a library that is known already is listed, and reported when it changes") {
    const Folder folder;
    const auto bytes = *platform::read_library(FIXTURE_GOOD);
    folder.write("good.so", bytes);
    folder.write("other.so", bytes);
    const std::string build_id = inspect(FIXTURE_GOOD, {})->image.build_id;
    DropFolder drop{folder.path};
    TimeNs now = ns_per_s;
    CHECK(drop.look(now).came.empty());
    drop.know(folder.path / "good.so", build_id);
    drop.know(folder.path / "other.so", "another build");  // changed since: nothing is known of it
    drop.know(FIXTURE_GOOD, build_id);                     // lies elsewhere
    CHECK(drop.newest("good") != nullptr);
    auto came = drop.look(now += DropFolder::rescan_time).came;
    REQUIRE(came.size() == 1);
    CHECK(came[0].file.filename() == "other.so");

    std::filesystem::remove(folder.path / "good.so");
    CHECK(drop.look(now += DropFolder::rescan_time).gone.size() == 1);
    folder.write("good.so", bytes);
    (void)drop.look(now += DropFolder::rescan_time);
    CHECK(drop.look(now += DropFolder::rescan_time).came.size() == 1);
}

TEST_CASE(
    "sources, folders and links are passed over; a text named .so is listed with its refusal") {
    const Folder folder;
    folder.write("arena.cpp", {});
    folder.write("text.so", std::vector<std::byte>(10, std::byte{'x'}));
    std::filesystem::create_directory(folder.path / "folder.so");
    std::filesystem::create_symlink(FIXTURE_GOOD, folder.path / "link.so");
    DropFolder drop{folder.path};
    (void)drop.look(ns_per_s);
    const auto came = drop.look(3 * ns_per_s).came;
    REQUIRE(came.size() == 1);
    CHECK(came[0].file.filename() == "text.so");
    CHECK(came[0].error.find("not a shared library") != std::string::npos);
}

TEST_CASE("a library that comes before its signature is taken when the signature is there") {
    const Folder folder;
    const auto bytes = *platform::read_library(FIXTURE_GOOD);
    const auto key = make_key(folder.path / "key.pem");
    REQUIRE(key.has_value());
    const auto signature = sign(bytes, folder.path / "key.pem");
    REQUIRE(signature.has_value());
    GateRules rules;
    rules.require_signature = true;
    rules.keys = {*key};
    DropFolder drop{folder.path, rules};

    folder.write("good.so", bytes);
    TimeNs now = ns_per_s;
    (void)drop.look(now);
    auto came = drop.look(now += DropFolder::rescan_time).came;
    REQUIRE(came.size() == 1);
    CHECK(came[0].error.find("is not signed") != std::string::npos);

    folder.write("good.so.sig", {signature->begin(), signature->end()});
    (void)drop.look(now += DropFolder::rescan_time);
    came = drop.look(now += DropFolder::rescan_time).came;
    REQUIRE(came.size() == 1);
    CHECK(came[0].error.empty());
}
