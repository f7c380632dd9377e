// The gate: each kind of bad file is refused with its sentence before any of its code runs.
// GANTRY_ATTEMPTS makes a long run.
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "host/core/sanitized.h"
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

constexpr std::size_t type_at = offsetof(Elf64_Shdr, sh_type);

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
    {"destructors elsewhere",
     [](ChangedLibrary& one) { one.put_in_entry(DT_FINI_ARRAY, 0x7fffffff000); },
     "its list of destructors lies outside"},
    {"an end that is no code", [](ChangedLibrary& one) { one.put_in_entry(DT_FINI, 0); },
     "its DT_FINI points at no code"},
    {"broken program headers", byte(offsetof(Elf64_Ehdr, e_phentsize), 1),
     "its program headers are broken"},
    {"no section headers",
     [](ChangedLibrary& one) { one.put(offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0}); },
     "it has no section headers"},
    {"broken section headers", byte(offsetof(Elf64_Ehdr, e_shentsize), 1),
     "its section headers are broken"},
    {"broken section names",
     [](ChangedLibrary& one) {
         one.put(offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{SHN_LORESERVE});
     },
     "its section names are broken"},
    {"no dynamic section",
     [](ChangedLibrary& one) { one.put(one.section(SHT_DYNAMIC) + type_at, SHT_PROGBITS); },
     "it has no dynamic section"},
    {"no dynamic symbols",
     [](ChangedLibrary& one) { one.put(one.section(SHT_DYNSYM) + type_at, SHT_PROGBITS); },
     "it has no dynamic symbols"},
    {"too many symbols",
     [](ChangedLibrary& one) {
         constexpr std::uint64_t table_bytes = 1'000'001 * sizeof(Elf64_Sym);
         one.bytes.resize(one.bytes.size() + table_bytes);
         one.put(one.section(SHT_DYNSYM) + offsetof(Elf64_Shdr, sh_size), table_bytes);
     },
     "it has more than 1000000 symbols"},
    {"another symbol than the section",
     [](ChangedLibrary& one) {
         one.put(one.symbol("gantry_plugin") + offsetof(Elf64_Sym, st_value), std::uint64_t{64});
     },
     "its symbol gantry_plugin is not what lies in .gantry_plugin"},
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

/// What the good library imports by a long name.
constexpr std::string_view long_import = "_ZTVN10__cxxabiv121__vmi_class_type_infoE";

}  // namespace

TEST_CASE("each changed library is refused with its sentence, and the host is as before") {
    ZooHost host;
    attempt_each(changed_kinds, [&](const Kind& kind) {
        CAPTURE(std::string{kind.name});
        ChangedLibrary library{ZOO_GOOD};
        kind.change(library);
        const std::string reason = host.refusal(library.write(host.folder.path / "shown.so"));
        CHECK(says(reason, kind.sentence));
        CHECK(says_how_to_mend(reason));
    });
}

TEST_CASE("each import that plugins must not have is refused by its name") {
    if (core::sanitized) return;  // its names stand elsewhere than in a plain library
    const ZooFolder folder;
    CHECK(plugin::forbidden_imports().size() >= 14);
    for (const plugin::ForbiddenImport& one : plugin::forbidden_imports()) {
        CAPTURE(std::string{one.symbol});
        ChangedLibrary library{ZOO_GOOD};
        library.replace(long_import, std::string{one.symbol});
        const std::string reason = refusal(library.write(folder.path / "shown.so"));
        CHECK(says(reason, one.sentence));
        CHECK(says(reason, "(it imports "));
        CHECK(says_how_to_mend(reason));
        if (!one.whole) continue;
        library = ChangedLibrary{ZOO_GOOD};
        library.replace(long_import, "my_" + std::string{one.symbol});
        CHECK(plugin::inspect(library.write(folder.path / "shown.so")).has_value());
    }
}

TEST_CASE("each bad build is refused with its sentence, and the host is as before") {
    ZooHost host;
    attempt_each(fixtures, [&](const Fixture& fixture) {
        CAPTURE(std::string{fixture.file});
        const std::string reason = host.refusal(fixture.file);
        CHECK(says(reason, fixture.sentence));
        CHECK(says_how_to_mend(reason));
    });
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
    const std::string link = refusal(folder.path / "link.so");
    CHECK(says(link, "Too many levels of symbolic links; name the file itself"));
}

TEST_CASE("a library of a sanitizer is refused where the host has none") {
    if (core::sanitized) return;
    const ZooFolder folder;
    ChangedLibrary library{ZOO_GOOD};
    library.replace("libstdc++.so.6", "libasan.so.8");
    CHECK(says(refusal(library.write(folder.path / "shown.so")),
               "it was built with a sanitizer (libasan.so.8), and this host was not; build both"));
}

TEST_CASE("a file that is larger than any library is refused before it is read") {
    const ZooFolder folder;
    const auto file = ChangedLibrary{ZOO_GOOD}.write(folder.path / "shown.so");
    std::filesystem::resize_file(file, (std::uint64_t{512} << 20) + 1);  // of holes
    CHECK(says(refusal(file), "is larger than 512 MiB; keep data in files beside it"));
}

TEST_CASE("a file that changes while it is read is refused") {
    const ZooFolder folder;
    const auto file = ChangedLibrary{ZOO_GOOD}.write(folder.path / "shown.so");
    std::filesystem::resize_file(file, std::uint64_t{64} << 20);  // reading it takes a while
    std::atomic<bool> done{false};
    std::thread writer{[&] {
        for (long i = 0; !done; ++i) {
            const timespec times[2] = {{i, 0}, {i, 0}};
            ::utimensat(AT_FDCWD, file.c_str(), times, 0);
        }
    }};
    std::string reason;
    while (reason.find("it changed while it was read; copy it") == reason.npos) {
        const auto candidate = plugin::inspect(file);
        reason = candidate ? "" : candidate.error().message;
    }
    done = true;
    writer.join();
    CHECK(says(reason, "under another name, and rename it when it is whole"));
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
