#include "host/manifest/load.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "host/core/assert.h"
#include "host/manifest/compose.h"
#include "host/manifest/parser.h"
#include "host/manifest/read.h"
#include "host/manifest/schema.h"

namespace gantry::manifest {
namespace {

std::optional<std::string> system_environment(const std::string& name) {
    if (const char* const value = std::getenv(name.c_str())) return std::string{value};
    return std::nullopt;
}

Result<std::string> read_system_file(const std::string& path, std::size_t bytes_max) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return Error{Status::not_found, fmt::format("{}: there is no such file", path)};
    }
    // A folder reads as empty, and a device or a pipe may never end.
    if (!std::filesystem::is_regular_file(status)) {
        return Error{Status::invalid, fmt::format("{}: this is no regular file", path)};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{Status::refused, fmt::format("{}: the file cannot be read", path)};
    std::string text(bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max) {
        return Error{Status::limit, fmt::format("{}: the manifest's files are together larger than "
                                                "{} bytes",
                                                path, text_bytes_max)};
    }
    return text;
}

Node parsed_schema(const std::string& name, std::string_view text, Diagnostics& diagnostics) {
    auto schema = parse(text, 0, name, diagnostics);
    return schema ? std::move(*schema) : Node{};
}

std::optional<Loaded> load(const std::string& path, const Source& source,
                           Diagnostics& diagnostics) {
    auto document = std::make_shared<Document>();
    read_files(path, source, *document, diagnostics);
    if (!diagnostics.empty()) return std::nullopt;
    expand_macros(source, *document, diagnostics);

    Diagnostics schema_errors;
    const Node schema = parsed_schema("manifest.schema.json", manifest_schema(), schema_errors);
    GANTRY_ASSERT(schema_errors.empty());  // it was built into the host
    check_schema(document->root, schema, "", *document, diagnostics);

    Loaded loaded;
    loaded.manifest = read_manifest(document->root);
    check_manifest(loaded.manifest, *document, diagnostics);
    if (!diagnostics.empty()) return std::nullopt;
    loaded.document = std::move(document);
    return loaded;
}

}  // namespace

Source system_source() { return {system_environment, read_system_file}; }

std::optional<Loaded> load_manifest(const std::string& path, const Source& source,
                                    Diagnostics& diagnostics) try {
    return load(path, source, diagnostics);
} catch (const std::exception& error) {  // no memory, or a path that std::filesystem refuses
    diagnostics.add({path, 0, 0, {}, fmt::format("cannot be read: {}", error.what())});
    return std::nullopt;
}

Result<Loaded> load_manifest(const std::string& path, const Source& source) {
    Diagnostics diagnostics;
    auto loaded = load_manifest(path, source, diagnostics);
    if (loaded) return std::move(*loaded);
    return Error{Status::invalid, diagnostics.text()};
}

Result<std::string> check_config(const Loaded& loaded, std::string_view name,
                                 const std::string& schema_text) try {
    const Document& document = *loaded.document;
    const auto& plugins = loaded.manifest.plugins;
    std::size_t index = 0;
    while (index < plugins.size() && plugins[index].name != name) ++index;
    if (index == plugins.size()) {
        return Error{Status::not_found, fmt::format("the manifest has no plugin \"{}\"", name)};
    }
    Diagnostics diagnostics;
    const std::string schema_name = fmt::format("the schema of plugin {}", name);
    const Node schema = parsed_schema(schema_name, schema_text, diagnostics);
    if (diagnostics.empty()) {
        Node config = *document.root.find("plugins")->items[index].find("config");
        const std::string path = fmt::format("/plugins/{}/config", index);
        check_schema(config, schema, path, document, diagnostics);
        if (diagnostics.empty()) return to_text(config);
    }
    return Error{Status::invalid, diagnostics.text()};
} catch (const std::exception& error) {
    return Error{Status::internal, fmt::format("the config of {}: {}", name, error.what())};
}

}  // namespace gantry::manifest
