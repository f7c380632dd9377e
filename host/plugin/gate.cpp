#include "host/plugin/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "host/platform/shadow_copy.h"

namespace gantry::plugin {
namespace {

/// Libraries that the host has open itself or that every process has: they cannot bind into a
/// plugin.
constexpr std::array<std::string_view, 13> allowed_libraries = {
    "libc.so",      "libm.so",      "libdl.so", "libpthread.so",       "librt.so",
    "libstdc++.so", "libgcc_s.so",  "ld-linux", "libprotobuf-lite.so", "libflatbuffers.so",
    "libfmt.so",    "libatomic.so", "libz.so"};

/// Sanitizer builds of host and plugin share the sanitizer's run-time.
constexpr std::array<std::string_view, 4> sanitizer_libraries = {"libasan.so", "libubsan.so",
                                                                 "libtsan.so", "libclang_rt"};

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return text.starts_with(prefix); });
}

template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

bool is_plugin_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

// FNV-1a, 64 bits (Fowler, Noll, Vo; public domain): names copies, proves nothing.
std::uint64_t hash_of(std::span<const std::byte> bytes) {
    std::uint64_t hash = 14695981039346656037ull;
    for (const std::byte b : bytes)
        hash = (hash ^ static_cast<std::uint64_t>(b)) * 1099511628211ull;
    return hash;
}

Result<Done> check_abi(const PluginDesc& desc, const std::string& file) {
    if (desc.abi_major != GANTRY_ABI_MAJOR) {
        return Error{
            Status::unsupported,
            fmt::format("{}: built for ABI {}.{}, this host speaks {}.{}; rebuild it with "
                        "the SDK of this host",
                        file, desc.abi_major, desc.abi_minor, GANTRY_ABI_MAJOR, GANTRY_ABI_MINOR)};
    }
    if (desc.abi_minor > GANTRY_ABI_MINOR) {
        return Error{
            Status::unsupported,
            fmt::format("{}: built for the newer ABI {}.{}, this host has {}.{}; update the "
                        "host, or build with its SDK",
                        file, desc.abi_major, desc.abi_minor, GANTRY_ABI_MAJOR, GANTRY_ABI_MINOR)};
    }
    if (desc.size < offsetof(PluginDesc, create_world) ||
        desc.dependency_count > dependencies_max) {
        return Error{Status::invalid, file + ": its plugin descriptor is broken"};
    }
    return Done{};
}

Result<Done> check_symbols(const ElfImage& image, const std::string& file) {
    const auto imports = [&](std::string_view wanted) {
        return std::any_of(image.imports.begin(), image.imports.end(),
                           [&](const std::string& name) { return name.find(wanted) != name.npos; });
    };
    if (std::find(image.exports.begin(), image.exports.end(), "gantry_plugin") ==
        image.exports.end()) {
        return Error{Status::invalid, file +
                                          ": it does not export gantry_plugin; build it with "
                                          "gantry_add_plugin()"};
    }
    if (!image.unique.empty()) {
        return Error{Status::refused,
                     fmt::format("{}: it has the unique symbol {}, so it could never be unloaded; "
                                 "build it with gantry_add_plugin(), or with -fno-gnu-unique",
                                 file, image.unique.front())};
    }
    if (image.never_unloads) {
        return Error{Status::refused,
                     file + ": linked with -z nodelete, it could never be unloaded"};
    }
    if (imports("__cxa_thread_atexit")) {
        return Error{Status::refused, file +
                                          ": it has a thread_local object with a destructor, which "
                                          "would keep it loaded; make the object a member"};
    }
    if (imports("google8protobuf8internal14AddDescriptors")) {
        return Error{Status::refused,
                     file +
                         ": its protobuf code is the full one, which ends the process when it is "
                         "loaded twice; generate it with gantry_add_plugin(… PROTO …)"};
    }
    return Done{};
}

Result<Done> check_libraries(const ElfImage& image, const std::string& file) {
    if (image.has_run_path) {
        return Error{Status::refused, file +
                                          ": it has an RPATH, which could bring in libraries that "
                                          "nobody checked; link it without one"};
    }
    for (const std::string& needed : image.needed) {
        if (starts_with_any(needed, allowed_libraries)) continue;
        if (starts_with_any(needed, sanitizer_libraries)) continue;
        return Error{Status::refused,
                     fmt::format("{}: it needs the library {}, which plugins may not "
                                 "bring along; link it statically",
                                 file, needed)};
    }
    return Done{};
}

}  // namespace

std::vector<std::string> facet_names(std::uint32_t facets) {
    std::vector<std::string> names;
    if ((facets & facet_bits::world) != 0) names.emplace_back("world");
    if ((facets & facet_bits::io) != 0) names.emplace_back("io");
    if ((facets & facet_bits::service) != 0) names.emplace_back("service");
    return names;
}

Result<Candidate> inspect(const std::filesystem::path& file) {
    if (file.empty()) return Error{Status::invalid, "no file is named"};
    auto bytes = platform::read_library(file);
    if (!bytes) return bytes.error();
    return inspect_bytes(std::move(*bytes), file);
}

Result<Candidate> inspect_bytes(std::vector<std::byte> bytes, const std::filesystem::path& file) {
    const std::string shown = file.string();
    auto image = read_elf_image(bytes, shown);
    if (!image) return image.error();

    if (auto ok = check_abi(image->desc, shown); !ok) return ok.error();
    Candidate candidate;
    candidate.name = text_of(image->desc.name);
    candidate.version_text = text_of(image->desc.version);
    if (!is_plugin_name(candidate.name)) {
        return Error{Status::invalid,
                     fmt::format("{}: the plugin's name \"{}\" is not made of a-z, "
                                 "0-9, _ and -",
                                 shown, candidate.name)};
    }
    const auto version = Version::parse(candidate.version_text);
    if (!version) {
        return Error{Status::invalid, fmt::format("{}: the version \"{}\" is not like 1.4.2", shown,
                                                  candidate.version_text)};
    }
    if (auto ok = check_symbols(*image, shown); !ok) return ok.error();
    if (auto ok = check_libraries(*image, shown); !ok) return ok.error();

    candidate.version = *version;
    candidate.file = file;
    candidate.content_hash = hash_of(bytes);
    candidate.bytes = std::move(bytes);
    candidate.image = std::move(*image);
    return candidate;
}

}  // namespace gantry::plugin
