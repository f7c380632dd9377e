// load.h: reads a manifest from relaxed JSON files, checks it whole, and says all that is wrong.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/core/result.h"
#include "host/manifest/diagnostics.h"
#include "host/manifest/manifest.h"

namespace gantry::manifest {

class Document;  // the parsed text with its positions (document.h)

/// Where the text comes from. Tests and the fuzzer give their own.
struct Source {
    /// The value of an environment variable, or nothing.
    std::function<std::optional<std::string>(const std::string& name)> environment;
    /// A whole file of at most `bytes_max` bytes, or a sentence saying why not.
    std::function<Result<std::string>(const std::string& path, std::size_t bytes_max)> read_file;
};

/// The process's environment and the file system.
Source system_source();

struct Loaded {
    Manifest manifest;
    std::shared_ptr<const Document> document;  ///< for check_config; may be let go
};

/// Reads `path` and its includes. On failure the error's message holds every diagnostic, one a
/// line. No exception leaves. [control]
Result<Loaded> load_manifest(const std::string& path, const Source& source = system_source());

/// The same with the diagnostics apart; nothing when `diagnostics` is not empty.
std::optional<Loaded> load_manifest(const std::string& path, const Source& source,
                                    Diagnostics& diagnostics);

/// Checks the `config` of plugin `name` against that plugin's own JSON Schema (the same subset as
/// config/manifest.schema.json) and returns it as compact JSON with the schema's defaults filled
/// in. Errors name the place in the manifest. [control]
Result<std::string> check_config(const Loaded& loaded, std::string_view name,
                                 const std::string& schema);

/// The text of config/manifest.schema.json, as it was when the host was built.
std::string_view manifest_schema() noexcept;

}  // namespace gantry::manifest
