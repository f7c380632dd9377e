// What the gate lets pass and a later step refuses, by what the descriptor says.
#include <elf.h>

#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

constexpr const char* one_facet = FIXTURES "/fixture_good.so";  // good@1.2.3, of worlds alone

void put_text(ChangedLibrary& library, std::size_t offset, std::string_view text) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
        library.put_in_descriptor(offset + i, i < text.size() ? text[i] : '\0');
    }
}

void promise_shards(ChangedLibrary& library) {
    library.put_in_descriptor(offsetof(PluginDesc, facets),
                              std::uint32_t{facet_bits::world | facet_bits::io});
}

/// The loader looks no symbol up that the filter of its table does not know.
void hide_symbols(ChangedLibrary& library) {
    const auto at = library.get<Elf64_Dyn>(library.entry(DT_GNU_HASH)).d_un.d_ptr;
    const auto words = library.get<std::uint32_t>(at + 8);
    for (std::uint32_t i = 0; i < words; ++i) library.put(at + 16 + i * 8, std::uint64_t{0});
}

}  // namespace

TEST_CASE("a facet that is promised and not there is refused in the canary") {
    const ZooFolder folder;
    TestHost host{{.files = {ZOO_GOOD}, .canary_program = GANTRY_PROGRAM}};
    ChangedLibrary library{one_facet};
    promise_shards(library);
    const auto report = host.swap_file("good", library.write(folder.path / "shown.so"));
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "promises a io facet and has no function that makes one; write"));
}

TEST_CASE("a descriptor that the loader does not find is refused, with a canary or without") {
    const ZooFolder folder;
    for (const char* const canary : {GANTRY_PROGRAM, ""}) {
        CAPTURE(std::string{canary});
        TestHost host{{.files = {one_facet}, .canary_program = canary}};
        ChangedLibrary library{one_facet};
        hide_symbols(library);
        const auto report = host.swap_file("good", library.write(folder.path / "shown.so"));
        CHECK(report.outcome == plugin::SwapOutcome::refused);
        CHECK(says(report.reason, "gantry_plugin is not there once it is opened; link it with"));
        CHECK(host.connect().call(1, "").text == "good");
    }
}

TEST_CASE("other facets than before are refused: they come with a start") {
    const ZooFolder folder;
    TestHost host{{.files = {one_facet}}};
    ChangedLibrary library{one_facet};
    promise_shards(library);
    const auto report = host.swap_file("good", library.write(folder.path / "shown.so"));
    CHECK(report.outcome == plugin::SwapOutcome::refused);
    CHECK(says(report.reason, "good@1.2.3#2 has other facets than good@1.2.3#1; keep them, or"));
}

TEST_CASE("plugins that wait for each other are refused at a start, all by name") {
    const ZooFolder folder;
    std::vector<std::string> files;
    for (const auto& [name, needs] : {std::pair{"hen", "egg"}, std::pair{"egg", "hen"}}) {
        ChangedLibrary library{one_facet};
        put_text(library, offsetof(PluginDesc, name), name);
        library.put_in_descriptor(offsetof(PluginDesc, dependency_count), std::uint32_t{1});
        constexpr std::size_t at = offsetof(PluginDesc, dependencies);
        put_text(library, at + offsetof(Dependency, name), needs);
        put_text(library, at + offsetof(Dependency, version_min), "1.0.0");
        files.push_back(library.write(folder.path / (std::string{name} + ".so")));
    }
    std::string refused;
    try {
        const TestHost host{{.files = files}};
    } catch (const std::runtime_error& error) {
        refused = error.what();
    }
    CHECK(says(refused, "these plugins depend on each other in a circle: "));
    CHECK(says(refused, "hen"));
    CHECK(says(refused, "egg"));
    CHECK(says(refused, "; take one of these dependencies out of its GANTRY_PLUGIN(…)"));
}
