// Somebody changes a library under the loader's hands, in every way a file system has: what is
// opened is always, byte by byte, what was signed. GANTRY_ATTEMPTS makes a long run.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <thread>

#include "host/core/random.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/gate.h"
#include "host/plugin/library.h"
#include "host/plugin/signature.h"
#include "host/testing/seed.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;
namespace fs = std::filesystem;

namespace {

using FileBytes = std::vector<std::byte>;

const std::uint64_t attempts = attempts_wanted(20);

/// Bytes into an existing or a new file, in pieces, as somebody who copies slowly.
void write_over(const fs::path& file, std::span<const std::byte> bytes, std::size_t piece) {
    const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
    if (to < 0) return;
    for (std::size_t done = 0; done < bytes.size(); done += piece) {
        const std::size_t count = std::min(piece, bytes.size() - done);
        if (::pwrite(to, bytes.data() + done, count, static_cast<off_t>(done)) < 0) break;
    }
    ::close(to);
}

/// Two signed libraries and one that is not, and a place that the loader is told of.
struct Place {
    Place() {
        fs::create_directory(drop);
        const auto key = plugin::make_key(folder.path / "key.pem");
        REQUIRE(key.has_value());
        rules.keys = {*key};
        rules.require_signature = true;
        first = version("1.0.1");
        second = version("1.0.2");
        evil = version("6.6.6");
        first_signature = sign(first);
        second_signature = sign(second);
        restore();
    }
    static FileBytes version(std::string_view text) {
        ChangedLibrary library{ZOO_GOOD};
        library.set_version(text);
        return library.bytes;
    }
    FileBytes sign(const FileBytes& bytes) const {
        const auto made = plugin::sign(bytes, folder.path / "key.pem");
        REQUIRE(made.has_value());
        return {made->begin(), made->end()};
    }
    /// As one step, into the place of whatever is there.
    void put(const fs::path& where, const FileBytes& bytes) const {
        const fs::path beside = folder.path / "beside";
        ::unlink(beside.c_str());
        write_over(beside, bytes, bytes.size());
        ::rename(beside.c_str(), where.c_str());
    }
    void restore() const {
        ::chmod(drop.c_str(), 0700);
        put(file, first);
        put(signature, first_signature);
    }

    ZooFolder folder;
    fs::path drop = folder.path / "drop";
    fs::path file = drop / "zoo.so";
    fs::path signature = plugin::signature_file(file);
    plugin::GateRules rules;
    FileBytes first, second, evil, first_signature, second_signature;
};

struct Trick {
    const char* name;
    std::function<void(const Place&, core::Random&)> play;  ///< once, over and over
};

void write_in_place(const Place& place, core::Random& random) {
    write_over(place.file, place.evil, 1 + random.below(100'000));
    write_over(place.file, place.first, 1 + random.below(100'000));
}

const Trick tricks[] = {
    {"a link that changes its target",
     [](const Place& place, core::Random&) {
         const fs::path real = place.folder.path / "real.so";
         place.put(real, place.evil);
         ::unlink(place.file.c_str());
         if (::symlink(real.c_str(), place.file.c_str()) == 0) place.put(real, place.first);
         place.put(place.file, place.first);
     }},
    {"another file under the name",
     [](const Place& place, core::Random&) {
         place.put(place.file, place.evil);
         place.put(place.file, place.second);
         place.put(place.file, place.first);
     }},
    {"written in place", write_in_place},
    {"cut off and growing slowly",
     [](const Place& place, core::Random& random) {
         if (::truncate(place.file.c_str(), 0) != 0) return;
         write_over(place.file, random.below(2) == 0 ? place.evil : place.first, 4096);
     }},
    {"a pipe",
     [](const Place& place, core::Random&) {
         ::unlink(place.file.c_str());
         ::mkfifo(place.file.c_str(), 0600);
         place.put(place.file, place.first);
     }},
    {"a file of a terabyte without content",
     [](const Place& place, core::Random&) {
         if (::truncate(place.file.c_str(), off_t{1} << 40) != 0) return;
         place.put(place.file, place.first);
     }},
    {"written through a second name",
     [](const Place& place, core::Random& random) {
         const fs::path other = place.folder.path / "other.so";
         ::unlink(other.c_str());
         if (::link(place.file.c_str(), other.c_str()) != 0) return;
         write_over(other, place.evil, 1 + random.below(100'000));
         write_over(other, place.first, 1 + random.below(100'000));
     }},
    {"a folder that others may write",
     [](const Place& place, core::Random&) {
         ::chmod(place.drop.c_str(), 0777);
         place.put(place.file, place.second);
         place.put(place.file, place.first);
         ::chmod(place.drop.c_str(), 0700);
     }},
    {"the signature of another file",
     [](const Place& place, core::Random&) {
         place.put(place.file, place.evil);
         place.put(place.signature, place.second_signature);
         place.put(place.file, place.second);
         place.put(place.signature, place.first_signature);
         place.put(place.file, place.first);
     }},
    {"a run path, signed",
     [](const Place& place, core::Random&) {
         static const FileBytes bytes = *platform::read_library(FIXTURES "/fixture_run_path.so");
         static const FileBytes signature = place.sign(bytes);
         place.put(place.file, bytes);
         place.put(place.signature, signature);
         place.put(place.signature, place.first_signature);
         place.put(place.file, place.first);
     }},
};

/// True when it was opened, and then it was one of the two that are signed.
bool load(const Place& place, std::uint32_t generation) {
    const auto candidate = plugin::inspect(place.file, place.rules);
    if (!candidate) {
        CHECK_FALSE(candidate.error().message.empty());
        return false;
    }
    auto staged = plugin::StagedLibrary::write(*candidate, generation, place.folder.path);
    if (!staged) return false;
    const fs::path copy = (*staged)->copy();
    auto library = plugin::Library::open(std::move(*staged));
    REQUIRE_MESSAGE(library.has_value(), library.error().message);
    const auto opened = platform::read_library(copy);
    if (opened) CHECK((*opened == place.first || *opened == place.second));
    CHECK((candidate->bytes == place.first || candidate->bytes == place.second));
    const std::string version = (*library)->desc().version;
    CHECK((version == "1.0.1" || version == "1.0.2"));
    CHECK((*library)->close().proved);
    return true;
}

}  // namespace

TEST_CASE("whoever changes a file under the loader's hands, only what was signed is opened") {
    const Place place;
    std::uint32_t generation = 0;
    for (const Trick& trick : tricks) {
        CAPTURE(std::string{trick.name});
        std::atomic<bool> ends{false};
        std::thread thread{[&] {
            core::Random random{seed()};
            while (!ends) trick.play(place, random);
        }};
        std::uint64_t opened = 0;
        for (std::uint64_t i = 0; i < attempts; ++i) opened += load(place, ++generation);
        ends = true;
        thread.join();
        MESSAGE(std::string{trick.name} << ": opened " << opened << " of " << attempts);
        place.restore();
        CHECK(load(place, ++generation));
    }
}
