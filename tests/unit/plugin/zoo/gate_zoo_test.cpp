// The gate: each kind of bad file is refused with its sentence before any of its code runs.
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "host/plugin/gate.h"
#include "tests/unit/plugin/zoo/changed_library.h"
#include "tests/unit/plugin/zoo/zoo_host.h"

using namespace gantry;
using namespace gantry::test;

namespace {

/// A good library, changed; or another fixture as it is.
struct Kind {
    const char* name;
    std::function<void(ChangedLibrary&)> change;
    const char* sentence;
};

template <class T>
std::function<void(ChangedLibrary&)> in_descriptor(std::size_t offset, T value) {
    return [=](ChangedLibrary& library) { library.put_in_descriptor(offset, value); };
}
std::function<void(ChangedLibrary&)> byte(std::size_t offset, int value) {
    return [=](ChangedLibrary& library) { library.bytes[offset] = static_cast<std::byte>(value); };
}
std::function<void(ChangedLibrary&)> flag(std::int64_t tag, std::uint64_t bits) {
    return [=](ChangedLibrary& library) {
        const auto entry = library.get<Elf64_Dyn>(library.entry(tag));
        library.put_in_entry(tag, entry.d_un.d_val | bits);
    };
}

const Kind changed_kinds[] = {
    {"empty", [](ChangedLibrary& one) { one.bytes.clear(); }, "not a shared library"},
    {"text", [](ChangedLibrary& one) { one.bytes.assign(100, std::byte{'x'}); }, "no ELF header"},
    {"truncated", [](ChangedLibrary& one) { one.bytes.resize(one.bytes.size() / 2); },
     "the file is incomplete"},
    {"half of its header", [](ChangedLibrary& one) { one.bytes.resize(20); },
     "not a shared library"},
    {"another machine", byte(offsetof(Elf64_Ehdr, e_machine), EM_ARM), "built for another machine"},
    {"32 bit", byte(EI_CLASS, ELFCLASS32), "this host runs 64-bit"},
    {"big endian", byte(EI_DATA, ELFDATA2MSB), "built for another machine"},
    {"an object", byte(offsetof(Elf64_Ehdr, e_type), ET_REL), "not a shared library (an exec"},
    {"wrong magic", in_descriptor(0, std::uint32_t{1}), "does not begin with the mark of one"},
    {"too new an ABI", in_descriptor(offsetof(PluginDesc, abi_minor), std::uint16_t{99}),
     "newer ABI 1.99"},
    {"another ABI", in_descriptor(offsetof(PluginDesc, abi_major), std::uint16_t{9}),
     "built for ABI 9."},
    {"too old an ABI", in_descriptor(offsetof(PluginDesc, abi_major), std::uint16_t{0}),
     "rebuild it with the SDK of this host"},
    {"too short a descriptor", in_descriptor(offsetof(PluginDesc, size), std::uint32_t{8}),
     "its plugin descriptor is broken"},
    {"too many dependencies",
     in_descriptor(offsetof(PluginDesc, dependency_count), std::uint32_t{9}),
     "its plugin descriptor is broken"},
    {"no facet", in_descriptor(offsetof(PluginDesc, facets), std::uint32_t{0}), "offers no facet"},
    {"an unknown facet", in_descriptor(offsetof(PluginDesc, facets), std::uint32_t{64}),
     "offers no facet that this host knows"},
    {"empty name", in_descriptor(offsetof(PluginDesc, name), '\0'), "the plugin's name \"\""},
    {"a path for a name", in_descriptor(offsetof(PluginDesc, name), '/'), "is not made of a-z"},
    {"another plugin", in_descriptor(offsetof(PluginDesc, name), 'b'),
     "is the plugin boo, not zoo"},
    {"wrong version", in_descriptor(offsetof(PluginDesc, version), 'x'), "is not like 1.4.2"},
    {"executable stack",
     [](ChangedLibrary& one) {
         one.put(one.segment(PT_GNU_STACK) + offsetof(Elf64_Phdr, p_flags),
                 std::uint32_t{PF_R | PF_W | PF_X});
     },
     "it wants an executable stack"},
    {"no word on the stack",
     [](ChangedLibrary& one) { one.put(one.segment(PT_GNU_STACK), std::uint32_t{PT_NULL}); },
     "it wants an executable stack"},
    {"text relocations", flag(DT_FLAGS, DF_TEXTREL), "it has text relocations"},
    {"never unloads", flag(DT_FLAGS_1, DF_1_NODELETE), "linked with -z nodelete"},
    {"a filter library",
     [](ChangedLibrary& one) { one.put(one.entry(DT_NEEDED), std::uint64_t{DT_AUXILIARY}); },
     "names filter or audit libraries"},
    {"an unknown library",
     [](ChangedLibrary& one) { one.rename("libstdc++.so.6", "libmine++.so.6"); },
     "it needs the library libmine++.so.6"},
    {"a library by a path that looks allowed",
     [](ChangedLibrary& one) { one.rename("libstdc++.so.6", "libm.so/../x.y"); },
     "it needs the library libm.so/../x.y"},
    {"constructors elsewhere",
     [](ChangedLibrary& one) { one.put_in_entry(DT_INIT_ARRAY, 0x7fffffff000); },
     "its list of constructors lies outside"},
    {"an entry that is no code", [](ChangedLibrary& one) { one.put_in_entry(DT_INIT, 0); },
     "its DT_INIT points at no code"},
    {"two stories of its symbols", [](ChangedLibrary& one) { one.put_in_entry(DT_SYMTAB, 0); },
     "tell something else than its program headers about its symbols"},
    {"two stories of its names", [](ChangedLibrary& one) { one.put_in_entry(DT_STRTAB, 0); },
     "tell something else than its program headers about its names"},
};

struct Fixture {
    const char* file;
    const char* sentence;
};
const Fixture fixtures[] = {
    {FIXTURES "/fixture_no_descriptor.so", "has no section .gantry_plugin"},
#if !defined(__clang__)
    {FIXTURES "/fixture_unique.so", "has the unique symbol"},
#endif
    {FIXTURES "/fixture_thread_local.so", "thread_local object with a destructor"},
    {FIXTURES "/fixture_run_path.so", "it has an RPATH"},
    {ZOO "/zoo_dlopen.so", "opens further libraries itself"},
    {ZOO "/zoo_pthread_create.so", "starts threads of its own"},
    {ZOO "/zoo_exit.so", "can end the whole process"},
    {ZOO "/zoo_sigaction.so", "installs signal handlers"},
    {ZOO "/zoo_protobuf.so", "its protobuf code is the full one"},
    {ZOO "/zoo_exports.so", "beside gantry_plugin, so two versions"},
    {ZOO "/nothing.so", "No such file"},
    {ZOO, "is not a regular file"},
};

std::string refusal(const std::filesystem::path& file, const plugin::GateRules& rules = {}) {
    const auto candidate = plugin::inspect(file, rules);
    REQUIRE_FALSE(candidate.has_value());
    return candidate.error().message;
}

}  // namespace

TEST_CASE("each changed library is refused with its sentence, and the host is as before") {
    ZooHost host;
    for (const Kind& kind : changed_kinds) {
        CAPTURE(std::string{kind.name});
        ChangedLibrary library{ZOO_GOOD};
        kind.change(library);
        CHECK(says(host.refusal(library.write(host.folder.path / "shown.so")), kind.sentence));
    }
}

TEST_CASE("each bad build is refused with its sentence, and the host is as before") {
    ZooHost host;
    for (const Fixture& fixture : fixtures) {
        CAPTURE(std::string{fixture.file});
        CHECK(says(host.refusal(fixture.file), fixture.sentence));
    }
}

TEST_CASE("the manifest can allow further libraries, by name and whatever their version") {
    const ZooFolder folder;
    ChangedLibrary library{ZOO_GOOD};
    library.rename("libstdc++.so.6", "libmine++.so.6");
    const auto file = library.write(folder.path / "shown.so");
    plugin::GateRules rules;
    rules.allow_libraries = {"libmine.so"};
    CHECK(says(refusal(file, rules), "libmine++.so.6"));
    rules.allow_libraries = {"libmine++.so"};
    CHECK(plugin::inspect(file, rules).has_value());
}

TEST_CASE("code that others may write is refused, and a link to it") {
    const ZooFolder folder;
    const auto place = folder.path / "drop";
    std::filesystem::create_directory(place);
    const auto file = ChangedLibrary{ZOO_GOOD}.write(place / "zoo.so");
    REQUIRE(plugin::inspect(file).has_value());

    ::chmod(file.c_str(), 0606);
    CHECK(says(refusal(file), "the file can be written by others (mode 0606)"));
    if (::geteuid() == 0) {  // a group of one user's own may write
        ::chmod(file.c_str(), 0660);
        CHECK(says(refusal(file), "chmod go-w"));
    }
    ::chmod(file.c_str(), 0600);
    ::chmod(place.c_str(), 0707);
    CHECK(says(refusal(file), "its folder " + place.string() + " can be written by others"));
    ::chmod(place.c_str(), 01777);  // as /tmp: there nobody replaces another's file
    CHECK(plugin::inspect(file).has_value());
    if (::geteuid() == 0) {
        REQUIRE(::chown(file.c_str(), 12345, 0) == 0);
        CHECK(says(refusal(file), "the file belongs to 12345, and code is taken only from root"));
    }
    std::filesystem::create_symlink(ZOO_GOOD, folder.path / "link.so");
    CHECK(says(refusal(folder.path / "link.so"), "cannot open"));
}

TEST_CASE("signatures: absent, broken, of another key and of other bytes are refused") {
    const ZooFolder folder;
    const auto file = ChangedLibrary{ZOO_GOOD}.write(folder.path / "zoo.so");
    const auto known = plugin::make_key(folder.path / "known.pem");
    const auto other = plugin::make_key(folder.path / "other.pem");
    REQUIRE(known.has_value());
    REQUIRE(other.has_value());
    plugin::GateRules rules;
    rules.keys = {*known};
    const auto sign_with = [&](const char* key) {
        const auto signature = plugin::sign(*platform::read_library(file), folder.path / key);
        REQUIRE(signature.has_value());
        const auto beside = plugin::signature_file(file);
        platform::remove_file(beside);
        REQUIRE(platform::write_new_file(beside, {signature->begin(), signature->end()}));
    };

    CHECK(
        plugin::inspect(file, rules)->signed_by.empty());  // wanted only when the manifest says so
    rules.require_signature = true;
    CHECK(says(refusal(file, rules), "it is not signed, and the manifest wants signatures"));
    sign_with("other.pem");
    CHECK(says(refusal(file, rules), "by none of the manifest's keys"));
    rules.require_signature = false;  // a wrong one is refused all the same
    CHECK(says(refusal(file, rules), "by none of the manifest's keys"));
    sign_with("known.pem");
    rules.require_signature = true;
    CHECK(plugin::inspect(file, rules)->signed_by == plugin::to_hex(*known));

    ChangedLibrary changed{file};
    changed.set_version("1.0.1");
    changed.write(file);
    CHECK(says(refusal(file, rules), "or the file was changed after it was signed"));
    std::filesystem::resize_file(plugin::signature_file(file), 1);
    CHECK(says(refusal(file, rules), "a signature has 64 bytes, this has 1"));
}

TEST_CASE("keys: none is replaced, and what is no key is told") {
    const ZooFolder folder;
    REQUIRE(plugin::make_key(folder.path / "key.pem").has_value());
    CHECK(says(plugin::make_key(folder.path / "key.pem").error().message, "keys are not replaced"));
    CHECK(says(plugin::sign({}, ZOO_GOOD).error().message, ""));
    CHECK(says(plugin::parse_public_key("abc").error().message, "64 hexadecimal digits"));
    CHECK(says(plugin::parse_public_key(std::string(64, 'x')).error().message, "no public key"));
}
