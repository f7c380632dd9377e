#include "host/plugin/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/platform/shadow_copy.h"

namespace gantry::plugin {
namespace {

template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

bool is_plugin_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// Whose key signed the file: the key's digits, or nothing where no signature is needed.
Result<std::string> check_signature(std::span<const std::byte> bytes,
                                    const std::filesystem::path& file, const GateRules& rules) {
    if (rules.keys.empty() && !rules.require_signature) return std::string{};
    const auto beside = signature_file(file);
    const auto text = platform::read_library(beside);
    if (!text) {
        const bool absent = text.error().status == Status::not_found;
        if (!absent) return text.error();
        if (!rules.require_signature) return std::string{};
        return Error{Status::refused,
                     fmt::format("{}: it is not signed, and the manifest wants signatures; gantry "
                                 "sign {} --key KEY makes {}",
                                 file.string(), file.string(), beside.string())};
    }
    Signature signature;
    if (text->size() != signature.size()) {
        return Error{Status::refused,
                     fmt::format("{}: a signature has 64 bytes, this has {}; make it anew with "
                                 "gantry sign {} --key KEY",
                                 beside.string(), text->size(), file.string())};
    }
    std::copy(text->begin(), text->end(), signature.begin());
    for (const PublicKey& key : rules.keys) {
        if (is_signed_by(key, bytes, signature)) return to_hex(key);
    }
    return Error{Status::refused,
                 fmt::format("{}: its signature is by none of the manifest's keys, or the file was "
                             "changed after it was signed; sign it anew with a known key",
                             file.string())};
}

Result<Done> check_image(const ElfImage& image, const GateRules& rules, const std::string& file) {
    if (auto ok = check_unloading(image, file); !ok) return ok;
    if (auto ok = check_memory(image, file); !ok) return ok;
    if (auto ok = check_imports(image, file); !ok) return ok;
    if (auto ok = check_exports(image, file); !ok) return ok;
    return check_libraries(image, rules, file);
}

}  // namespace

std::vector<std::string> facet_names(std::uint32_t facets) {
    std::vector<std::string> names;
    if ((facets & facet_bits::world) != 0) names.emplace_back("world");
    if ((facets & facet_bits::io) != 0) names.emplace_back("io");
    if ((facets & facet_bits::service) != 0) names.emplace_back("service");
    return names;
}

Result<Candidate> inspect(const std::filesystem::path& file, const GateRules& rules) {
    if (file.empty()) return Error{Status::invalid, "no file is named; name a library"};
    auto bytes = platform::read_library(file);
    if (!bytes) return bytes.error();
    auto signed_by = check_signature(*bytes, file, rules);
    if (!signed_by) return signed_by.error();
    auto candidate = inspect_bytes(std::move(*bytes), file, rules);
    if (candidate) candidate->signed_by = std::move(*signed_by);
    return candidate;
}

Result<Candidate> inspect_bytes(std::vector<std::byte> bytes, const std::filesystem::path& file,
                                const GateRules& rules) {
    const std::string shown = file.string();
    auto image = read_elf_image(bytes, shown);
    if (!image) return image.error();

    if (auto ok = check_abi(image->desc, shown, rules.abi); !ok) return ok.error();
    Candidate candidate;
    candidate.name = text_of(image->desc.name);
    candidate.version_text = text_of(image->desc.version);
    if (!is_plugin_name(candidate.name)) {
        return Error{Status::invalid,
                     fmt::format("{}: the plugin's name \"{}\" is not made of a-z, "
                                 "0-9, _ and -; give it such a one in GANTRY_PLUGIN(…)",
                                 shown, candidate.name)};
    }
    const auto version = Version::parse(candidate.version_text);
    if (!version) {
        return Error{Status::invalid,
                     fmt::format("{}: the version \"{}\" is not like 1.4.2; give it "
                                 "such a one in GANTRY_PLUGIN(…)",
                                 shown, candidate.version_text)};
    }
    if (auto ok = check_version(candidate.name, *version, rules, shown); !ok) return ok.error();
    if (auto ok = check_image(*image, rules, shown); !ok) return ok.error();

    candidate.version = *version;
    candidate.file = file;
    candidate.content_hash = content_hash(bytes);
    candidate.bytes = std::move(bytes);
    candidate.image = std::move(*image);
    return candidate;
}

}  // namespace gantry::plugin
