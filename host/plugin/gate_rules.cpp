#include "host/plugin/gate_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "host/core/sanitized.h"
#include "host/platform/demangle.h"

namespace gantry::plugin {
namespace {

/// Libraries that the host has open itself or that every process has: they cannot bind into a
/// plugin.
constexpr std::array<std::string_view, 14> allowed_libraries = {"libc.so",
                                                                "libm.so",
                                                                "libdl.so",
                                                                "libpthread.so",
                                                                "librt.so",
                                                                "libstdc++.so",
                                                                "libgcc_s.so",
                                                                "libatomic.so",
                                                                "ld-linux-x86-64.so",
                                                                "libz.so",
                                                                "libflatbuffers.so",
                                                                "libprotobuf-lite.so",
                                                                "libfmt.so",
                                                                "ld-linux-aarch64.so"};

// The run-time of sanitizers must be the first library of a process, so only a host that was built
// with it can take such a plugin.
constexpr std::array<std::string_view, 4> sanitizer_libraries = {"libasan.so", "libubsan.so",
                                                                 "libtsan.so", "libclang_rt"};

/// "libz.so.1.2" is a "libz.so"; "libz.so/../mine.so" and "libz.solid" are not.
bool is_library(std::string_view needed, std::string_view stem) {
    if (!needed.starts_with(stem)) return false;
    const std::string_view rest = needed.substr(stem.size());
    return rest.empty() ||
           (rest.front() == '.' && rest.find_first_not_of("0123456789.") == rest.npos);
}

constexpr const char* opens_libraries =
    "it opens further libraries itself, which nobody checks and which keep it loaded; link them "
    "statically";
constexpr const char* starts_threads =
    "it starts threads of its own, which would run on in code that has left; use offload(), timers "
    "and tasks";
constexpr const char* ends_process =
    "it can end the whole process; throw an exception, which is answered and counted";
constexpr const char* takes_signals =
    "it installs signal handlers, which would stay when it leaves; signals belong to the host";
constexpr std::array<ForbiddenImport, 14> forbidden = {{
    {"__cxa_thread_atexit", false,
     "it has a thread_local object with a destructor, which would keep it loaded; make the object "
     "a member"},
    {"google8protobuf8internal14AddDescriptors", false,
     "its protobuf code is the full one, which ends the process when it is loaded twice; generate "
     "it with gantry_add_plugin(… PROTO …)"},
    {"dlopen", true, opens_libraries},
    {"dlmopen", true, opens_libraries},
    {"pthread_create", true, starts_threads},
    {"thrd_create", true, starts_threads},
    {"_ZNSt6thread15_M_start_thread", false, starts_threads},
    {"exit", true, ends_process},
    {"_exit", true, ends_process},
    {"_Exit", true, ends_process},
    {"quick_exit", true, ends_process},
    {"signal", true, takes_signals},
    {"sigaction", true, takes_signals},
    {"on_exit", true,
     "it leaves a function behind for the end of the process (on_exit), when its code is gone; use "
     "teardown()"},
}};

template <class... Args>
Error refused(const std::string& file, fmt::format_string<Args...> text, Args&&... args) {
    return {Status::refused, file + ": " + fmt::format(text, std::forward<Args>(args)...)};
}

/// A descriptor may end before functions that its SDK did not know, but not before those of its
/// facets.
std::size_t bytes_needed(std::uint32_t facets) {
    if ((facets & facet_bits::service) != 0) {
        return offsetof(PluginDesc, create_service) + sizeof(CreateFunction);
    }
    if ((facets & facet_bits::io) != 0) {
        return offsetof(PluginDesc, create_io) + sizeof(CreateFunction);
    }
    return offsetof(PluginDesc, create_world) + sizeof(CreateFunction);
}

}  // namespace

Result<Done> check_abi(const PluginDesc& desc, const std::string& file, AbiVersion host) {
    if (desc.abi_major != host.major) {
        return Error{Status::unsupported,
                     fmt::format("{}: built for ABI {}.{}, this host speaks {}.{}; rebuild it with "
                                 "the SDK of this host",
                                 file, desc.abi_major, desc.abi_minor, host.major, host.minor)};
    }
    if (desc.abi_minor > host.minor) {
        return Error{
            Status::unsupported,
            fmt::format("{}: built for the newer ABI {}.{}, this host has {}.{}; update the "
                        "host, or build with its SDK",
                        file, desc.abi_major, desc.abi_minor, host.major, host.minor)};
    }
    if (desc.size < bytes_needed(desc.facets) || desc.dependency_count > dependencies_max) {
        return Error{Status::invalid, file +
                                          ": its plugin descriptor is broken; write "
                                          "GANTRY_PLUGIN(…) and build it with the SDK"};
    }
    constexpr std::uint32_t known = facet_bits::world | facet_bits::io | facet_bits::service;
    if (desc.facets == 0 || (desc.facets & ~known) != 0) {
        return Error{Status::invalid, file +
                                          ": it offers no facet that this host knows; name .world, "
                                          ".io or .service in GANTRY_PLUGIN(…)"};
    }
    return Done{};
}

Result<Done> check_version(std::string_view plugin, const Version& version, const GateRules& rules,
                           const std::string& file) {
    const auto found = rules.versions_min.find(plugin);
    if (found == rules.versions_min.end() || !(version < found->second)) return Done{};
    return refused(file,
                   "{} {} is older than the manifest takes: version_min is {}; take a later one, "
                   "or lower that if nothing speaks against this one",
                   plugin, version.text(), found->second.text());
}

Result<Done> check_unloading(const ElfImage& image, const std::string& file) {
    if (!image.unique.empty()) {
        return refused(file,
                       "it has the unique symbol {}, so it could never be unloaded; build it with "
                       "gantry_add_plugin(), or with -fno-gnu-unique",
                       platform::demangled(image.unique.front()));
    }
    if (image.never_unloads) {
        return refused(file,
                       "linked with -z nodelete, it could never be unloaded; link it without");
    }
    return Done{};
}

Result<Done> check_memory(const ElfImage& image, const std::string& file) {
    if (image.executable_stack) {
        return refused(file,
                       "it wants an executable stack, for the whole process; link it with -z "
                       "noexecstack, and give its assembler sources a .note.GNU-stack");
    }
    if (image.text_relocations) {
        return refused(file,
                       "it has text relocations, so its code would be made writable; compile all "
                       "of it with -fPIC");
    }
    return Done{};
}

Result<Done> check_exports(const ElfImage& image, const std::string& file) {
    const auto& exports = image.exports;
    if (std::find(exports.begin(), exports.end(), "gantry_plugin") == exports.end()) {
        return Error{Status::invalid, file +
                                          ": it does not export gantry_plugin; build it with "
                                          "gantry_add_plugin()"};
    }
    for (const std::string& name : exports) {
        if (name == "gantry_plugin") continue;
        return refused(file,
                       "it exports {} beside gantry_plugin, so two versions of it could meet in "
                       "one symbol; build it with gantry_add_plugin(), or with the SDK's "
                       "plugin.map",
                       platform::demangled(name));
    }
    return Done{};
}

std::span<const ForbiddenImport> forbidden_imports() noexcept { return forbidden; }

Result<Done> check_imports(const ElfImage& image, const std::string& file) {
    for (const ForbiddenImport& rule : forbidden) {
        for (const std::string& name : image.imports) {
            const bool found =
                rule.whole ? name == rule.symbol : name.find(rule.symbol) != name.npos;
            if (found)
                return refused(file, "{} (it imports {})", rule.sentence,
                               platform::demangled(name));
        }
    }
    return Done{};
}

Result<Done> check_libraries(const ElfImage& image, const GateRules& rules,
                             const std::string& file) {
    if (image.has_run_path) {
        return refused(file,
                       "it has an RPATH, which could bring in libraries that nobody checked; link "
                       "it without one");
    }
    if (image.filters) {
        return refused(file,
                       "it names filter or audit libraries, which nobody checked; link it without "
                       "them");
    }
    for (const std::string& needed : image.needed) {
        const auto is_needed = [&](std::string_view stem) { return is_library(needed, stem); };
        if (std::any_of(allowed_libraries.begin(), allowed_libraries.end(), is_needed)) continue;
        if (std::any_of(rules.allow_libraries.begin(), rules.allow_libraries.end(), is_needed)) {
            continue;
        }
        const bool sanitizer =
            std::any_of(sanitizer_libraries.begin(), sanitizer_libraries.end(),
                        [&](std::string_view stem) { return needed.starts_with(stem); });
        if (sanitizer && core::sanitized) continue;
        if (sanitizer) {
            return refused(file,
                           "it was built with a sanitizer ({}), and this host was not; build "
                           "both alike",
                           needed);
        }
        return refused(file,
                       "it needs the library {}, which plugins may not bring along; link it "
                       "statically, or name it under gate.allow_libraries in the manifest",
                       needed);
    }
    return Done{};
}

}  // namespace gantry::plugin
