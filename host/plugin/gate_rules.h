// The gate's rules, each a check with one sentence for what breaks it.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/result.h"
#include "host/plugin/elf_image.h"
#include "host/plugin/signature.h"
#include "host/plugin/version.h"

namespace gantry::plugin {

struct AbiVersion {
    std::uint16_t major = GANTRY_ABI_MAJOR;
    std::uint16_t minor = GANTRY_ABI_MINOR;
};

/// What a manifest may add to the rules.
struct GateRules {
    std::vector<std::string> allow_libraries;  ///< that plugins may need: "libhiredis.so.0.14"
    std::vector<PublicKey> keys;               ///< a signature beside a library must be by one
    bool require_signature = false;            ///< a library without one is refused
    /// By plugin: an older version is refused, however well it is signed.
    std::map<std::string, Version, std::less<>> versions_min;
    AbiVersion abi = {};  ///< what the host speaks; tests ask what another one would say
};

// `file` begins each sentence.
/// `host` is what the host speaks: a later one than this serves the libraries of this SDK, too.
Result<Done> check_abi(const PluginDesc& desc, const std::string& file, AbiVersion host = {});
Result<Done> check_version(std::string_view plugin, const Version& version, const GateRules& rules,
                           const std::string& file);
Result<Done> check_unloading(const ElfImage& image, const std::string& file);
Result<Done> check_memory(const ElfImage& image, const std::string& file);
Result<Done> check_exports(const ElfImage& image, const std::string& file);
/// What a plugin must not import, and what that means for the host and for who builds it.
struct ForbiddenImport {
    std::string_view symbol;
    bool whole;  ///< the whole name, else a part of it
    const char* sentence;
};
std::span<const ForbiddenImport> forbidden_imports() noexcept;
Result<Done> check_imports(const ElfImage& image, const std::string& file);
Result<Done> check_libraries(const ElfImage& image, const GateRules& rules,
                             const std::string& file);

}  // namespace gantry::plugin
