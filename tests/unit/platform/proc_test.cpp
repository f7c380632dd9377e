// ProcLines and ProcFolder: lines and names come whole, however the reads cut them; maps.h counts
// by them.
#include "host/platform/proc.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/platform/maps.h"
#include "host/platform/shadow_copy.h"

using namespace gantry::platform;

namespace {

struct Folder {
    std::filesystem::path path = *make_private_folder();
    ~Folder() { std::filesystem::remove_all(path); }
};

std::vector<std::string> lines_of(const std::string& text) {
    const Folder folder;
    const auto file = folder.path / "lines";
    std::ofstream{file} << text;
    ProcLines lines{file.c_str()};
    std::vector<std::string> all;
    while (const auto line = lines.next()) all.emplace_back(*line);
    CHECK(!lines.next());
    return all;
}

}  // namespace

TEST_CASE("each line comes whole, the last one also without a line feed") {
    CHECK(lines_of("").empty());
    CHECK(lines_of("\n\n") == std::vector<std::string>{"", ""});
    CHECK(lines_of("a\nbc\nd") == std::vector<std::string>{"a", "bc", "d"});
    std::string text;
    std::vector<std::string> wanted;
    for (std::size_t bytes = 0; bytes < 4200; bytes += 137) {
        wanted.emplace_back(bytes, static_cast<char>('a' + bytes % 26));
        text += wanted.back() + '\n';
    }
    CHECK(lines_of(text) == wanted);
}

TEST_CASE("a line that is too long comes in parts, and what follows as ever") {
    const std::string part(ProcLines::line_bytes_max, 'x');
    CHECK(lines_of(part + "yz\nnext\n") == std::vector<std::string>{part, "yz", "next"});
}

TEST_CASE("what cannot be read has no lines and no names") {
    ProcLines lines{"/proc/self/no_such_file"};
    CHECK(!lines.next());
    ProcFolder folder{"/proc/self/no_such_folder"};
    CHECK(!folder.next());
}

TEST_CASE("each name of a folder comes once, of more than one read can hold") {
    const Folder folder;
    std::set<std::string> wanted;
    for (int i = 0; i < 300; ++i) {
        const std::string name = fmt::format("file-{}", i);
        std::ofstream{folder.path / name} << "";
        wanted.insert(name);
    }
    std::set<std::string> found;
    ProcFolder names{folder.path.c_str()};
    while (const auto name = names.next()) {
        CHECK(name->data()[name->size()] == '\0');
        CHECK(found.emplace(*name).second);
    }
    CHECK(found == wanted);
}

TEST_CASE("threads, descriptors and mappings of this process are counted") {
    const Folder folder;
    const auto file = folder.path / "mapped";
    std::ofstream{file} << std::string(4096, 'm');
    CHECK(mapping_count(file) == 0);
    std::thread{[] {}}.join();  // with the first one ThreadSanitizer starts one of its own
    const ProcessCounts before = process_counts();
    CHECK(before.mappings > 10);
    CHECK(before.resident_bytes > 100'000);

    const Descriptor open{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(open);
    void* const at = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, open.number(), 0);
    REQUIRE(at != MAP_FAILED);
    CHECK(mapping_count(file) == 1);
    CHECK(process_counts().descriptors == before.descriptors + 1);
    std::filesystem::remove(file);
    CHECK(mapping_count(file) == 1);  // "… (deleted)"
    ::munmap(at, 4096);
    CHECK(mapping_count(file) == 0);

    std::thread other{[&] { CHECK(thread_count() == before.threads + 1); }};
    other.join();
}
