// The gate: every rule refuses its fixture with a sentence, and the good one passes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "host/platform/maps.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/gate.h"
#include "host/plugin/library.h"

using namespace gantry;
using namespace gantry::plugin;

namespace {

std::vector<std::byte> good() { return *platform::read_library(FIXTURE_GOOD); }

std::string refusal(const std::string& fixture) {
    const auto candidate = inspect(std::string{FIXTURES} + "/fixture_" + fixture + ".so");
    REQUIRE_FALSE(candidate.has_value());
    return candidate.error().message;
}
std::string refusal(std::vector<std::byte> bytes) {
    const auto candidate = inspect_bytes(std::move(bytes), "changed.so");
    REQUIRE_FALSE(candidate.has_value());
    return candidate.error().message;
}
bool says(const std::string& sentence, std::string_view part) {
    INFO(sentence);
    return sentence.find(part) != std::string::npos;
}
/// The descriptor's place in the file: its magic stands nowhere else.
std::size_t descriptor_at(const std::vector<std::byte>& bytes) {
    const std::uint32_t magic = plugin_desc_magic;
    const auto* begin = reinterpret_cast<const std::byte*>(&magic);
    const auto found = std::search(bytes.begin(), bytes.end(), begin, begin + sizeof magic);
    REQUIRE(found != bytes.end());
    return static_cast<std::size_t>(found - bytes.begin());
}
template <class T>
std::vector<std::byte> with(std::size_t offset, T value) {
    auto bytes = good();
    std::memcpy(bytes.data() + descriptor_at(bytes) + offset, &value, sizeof value);
    return bytes;
}

}  // namespace

TEST_CASE("the gate reads a good plugin without running it") {
    const auto candidate = inspect(FIXTURE_GOOD);
    REQUIRE(candidate.has_value());
    CHECK(candidate->name == "good");
    CHECK(candidate->version_text == "1.2.3");
    CHECK(candidate->image.exports == std::vector<std::string>{"gantry_plugin"});
    CHECK_FALSE(candidate->image.build_id.empty());
    CHECK(facet_names(candidate->image.desc.facets) == std::vector<std::string>{"world"});
    CHECK(platform::mapping_count(FIXTURE_GOOD) == 0);
}

TEST_CASE("a wrong ABI is refused with both versions and what to do") {
    const std::string minor = std::to_string(GANTRY_ABI_MINOR);
    CHECK(says(refusal(with<std::uint16_t>(offsetof(PluginDesc, abi_major), 9)),
               "built for ABI 9." + minor + ", this host speaks 1." + minor + "; rebuild it"));
    CHECK(says(refusal(with<std::uint16_t>(offsetof(PluginDesc, abi_minor), 7)), "newer ABI 1.7"));
}

TEST_CASE("a name or version that is none is refused") {
    CHECK(says(refusal(with<char>(offsetof(PluginDesc, name), '/')), "the plugin's name"));
    CHECK(says(refusal(with<char>(offsetof(PluginDesc, version), 'x')), "is not like 1.4.2"));
}

TEST_CASE(
    "what is no complete library is refused: text, truncated at any length, another machine") {
    const std::string text = "#!/bin/sh\necho I am no library\n";
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    CHECK(says(refusal(std::vector<std::byte>{begin, begin + text.size()}), "no ELF header"));
    const auto whole = good();
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 997) {
        CAPTURE(bytes);
        const auto cut =
            inspect_bytes({whole.begin(), whole.begin() + static_cast<long>(bytes)}, "cut.so");
        CHECK_FALSE(cut.has_value());
    }
    auto other = good();
    other[18] = std::byte{40};  // e_machine: ARM
    CHECK(says(refusal(other), "built for another machine"));
    CHECK(says(refusal("no_descriptor"), "has no section .gantry_plugin"));
}

TEST_CASE("what could never be unloaded is refused with the reason") {
#if !defined(__clang__)
    CHECK(says(refusal("unique"), "has the unique symbol"));
    CHECK_FALSE(says(refusal("unique"), "_Z"));
#endif
    CHECK(says(refusal("thread_local"), "thread_local object with a destructor"));
    CHECK(says(refusal("run_path"), "has an RPATH"));
}

TEST_CASE("a file that is not there, a folder and a pipe are refused without waiting") {
    CHECK(says(inspect("nowhere.so").error().message, "cannot open nowhere.so"));
    CHECK(says(inspect(FIXTURES).error().message, "is not a regular file"));
    CHECK(says(inspect("").error().message, "no file is named"));
}

TEST_CASE("a library is opened as a private copy, and its leaving is proved") {
    const auto folder = platform::make_private_folder();
    REQUIRE(folder.has_value());
    const auto candidate = inspect(FIXTURE_GOOD);
    REQUIRE(candidate.has_value());
    for (std::uint32_t generation = 1; generation <= 20; ++generation) {
        auto staged = StagedLibrary::write(*candidate, generation, *folder);
        REQUIRE(staged.has_value());
        auto library = Library::open(std::move(*staged));
        REQUIRE(library.has_value());
        CHECK((*library)->label() == "good@1.2.3#" + std::to_string(generation));
        CHECK(std::string{(*library)->desc().name} == "good");
        CHECK((*library)->close().proved);
    }
    CHECK(std::filesystem::is_empty(*folder));
    platform::remove_folder(*folder);
}
