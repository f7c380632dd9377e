// memory_source.h: manifests in tests stand in memory, with an environment of their own.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "host/manifest/load.h"

namespace gantry::test {

using Texts = std::map<std::string, std::string>;

inline manifest::Source memory_source(Texts files, Texts environment = {}) {
    manifest::Source source;
    source.environment = [environment](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    };
    source.read_file = [files](const std::string& path, std::size_t) -> Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) {
            return Error{Status::not_found, path + ": there is no such file"};
        }
        return found->second;
    };
    return source;
}

/// The manifest that `text` holds, or nothing and what is wrong.
struct Outcome {
    std::optional<manifest::Loaded> loaded;
    std::string errors;
    const manifest::Manifest& operator*() const { return loaded->manifest; }
    const manifest::Manifest* operator->() const { return &loaded->manifest; }
    explicit operator bool() const { return loaded.has_value(); }
};

inline Outcome load(Texts files, Texts environment = {}) {
    manifest::Diagnostics diagnostics;
    Outcome outcome;
    outcome.loaded = manifest::load_manifest(
        "m.json", memory_source(std::move(files), std::move(environment)), diagnostics);
    outcome.errors = diagnostics.text();
    return outcome;
}

inline Outcome load_text(const std::string& text, Texts environment = {}) {
    return load({{"m.json", text}}, std::move(environment));
}

}  // namespace gantry::test
