// The commands about one library: plugin info, plugin try, sign, keygen.
#include <fmt/format.h>

#include <cstdio>

#include "host/app/commands.h"
#include "host/app/try_library.h"
#include "host/platform/shadow_copy.h"
#include "host/plugin/gate.h"

namespace gantry::app {
namespace {

int complain(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 2;
}

plugin::GateRules rules_with(const std::vector<std::string>& allow) {
    plugin::GateRules rules;
    rules.allow_libraries = allow;
    return rules;
}

/// Only bytes of a file that nobody else may write are worth a signature.
Result<Done> write_signature(const std::filesystem::path& library,
                             const std::filesystem::path& key) {
    const auto bytes = platform::read_library(library);
    if (!bytes) return bytes.error();
    const auto signature = plugin::sign(*bytes, key);
    if (!signature) return signature.error();
    const auto beside = plugin::signature_file(library);
    platform::remove_file(beside);
    return platform::write_new_file(beside, {signature->begin(), signature->end()});
}

}  // namespace

int plugin_info(const std::string& file, const std::vector<std::string>& allow) {
    const auto candidate = plugin::inspect(file, rules_with(allow));
    if (!candidate) return complain(candidate.error());
    const PluginDesc& desc = candidate->image.desc;
    std::string facets;
    for (const std::string& name : plugin::facet_names(desc.facets)) {
        facets += (facets.empty() ? "" : ", ") + name;
    }
    fmt::print(
        "name       {}\nversion    {}\nfacets     {}\nabi        {}.{}\nsdk        {}\n"
        "compiler   {}\nbuild id   {}\nsha256     {}\n",
        candidate->name, candidate->version_text, facets, desc.abi_major, desc.abi_minor,
        desc.sdk_version, desc.toolchain, candidate->image.build_id,
        plugin::to_hex(candidate->content_hash));
    for (std::uint32_t i = 0; i < desc.dependency_count; ++i) {
        const Dependency& needs = desc.dependencies[i];
        fmt::print("needs      {} {} or later{}\n", needs.name, needs.version_min,
                   needs.optional != 0 ? " (optional)" : "");
    }
    std::error_code ignored;
    const bool has_signature = std::filesystem::exists(plugin::signature_file(file), ignored);
    fmt::print("signature  {}\n",
               has_signature ? "there is one; the manifest's keys judge it" : "none");
    fmt::print("gate       passed: nothing of it has run\n");
    return 0;
}

int plugin_try(const std::string& file, const std::string& config,
               const std::vector<std::string>& allow) {
    const auto candidate = plugin::inspect(file, rules_with(allow));
    if (!candidate) return complain(candidate.error());
    const auto verdict = try_library(*candidate, config);
    if (!verdict) return complain(verdict.error());
    fmt::print("{} {}: gate and canary passed, the canary in {:.1f} ms\n", candidate->name,
               candidate->version_text, static_cast<double>(verdict->took) / ns_per_ms);
    return 0;
}

int sign_file(const std::string& file, const std::string& key) {
    if (const auto signed_now = write_signature(file, key); !signed_now) {
        return complain(signed_now.error());
    }
    fmt::print("{}\n", plugin::signature_file(file).string());
    return 0;
}

int make_key(const std::string& file) {
    const auto key = plugin::make_key(file);
    if (!key) return complain(key.error());
    fmt::print("{}\n", plugin::to_hex(*key));
    return 0;
}

}  // namespace gantry::app
