// The gate: every rule that a library must pass before any of its code runs.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/core/result.h"
#include "host/plugin/content_hash.h"
#include "host/plugin/elf_image.h"
#include "host/plugin/gate_rules.h"
#include "host/plugin/version.h"

namespace gantry::plugin {

/// A library that may be opened: its bytes, and what they say.
struct Candidate {
    std::filesystem::path file;    ///< where it was found
    std::vector<std::byte> bytes;  ///< what was checked, and what will be opened
    ElfImage image;
    std::string name;
    Version version;
    std::string version_text;
    ContentHash content_hash{};
    std::string signed_by;  ///< the public key's digits, or empty
};

/// The words for facet_bits: "world", "io", "service".
std::vector<std::string> facet_names(std::uint32_t facets);

/// Reads and checks a file. A refusal is one sentence: what is wrong, and how to mend it. [control]
Result<Candidate> inspect(const std::filesystem::path& file, const GateRules& rules = {});

/// The rules that need no file system, over bytes; inspect() and the fuzzer share them.
Result<Candidate> inspect_bytes(std::vector<std::byte> bytes, const std::filesystem::path& file,
                                const GateRules& rules = {});

}  // namespace gantry::plugin
