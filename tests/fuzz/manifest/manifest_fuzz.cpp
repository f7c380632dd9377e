// Any bytes as a manifest with includes: it is refused with a sentence, or it survives the way to
// JSON and back.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "host/core/assert.h"
#include "host/manifest/load.h"

using namespace gantry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Parts between form feeds are the files 0, 1, 2, … which may include each other.
    std::map<std::string, std::string> files;
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    for (int i = 0; i < 8; ++i) {
        const std::size_t end = rest.find('\f');
        files[std::to_string(i)] = rest.substr(0, end);
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    manifest::Source source;
    source.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name.starts_with('U')) return std::nullopt;
        return name.starts_with('N') ? "42" : "$a${b}\"" + name;
    };
    source.read_file = [&](const std::string& path, std::size_t) -> Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return Error{Status::not_found, "no such file"};
        return found->second;
    };

    manifest::Diagnostics diagnostics;
    const auto loaded = manifest::load_manifest("0", source, diagnostics);
    GANTRY_ASSERT(loaded.has_value() == diagnostics.empty());
    if (!loaded) {
        GANTRY_ASSERT(!diagnostics.text().empty());
        return 0;
    }
    const std::string json = manifest::to_json(loaded->manifest);
    files = {{"0", json}};
    const auto again = manifest::load_manifest("0", source, diagnostics);
    GANTRY_ASSERT(again.has_value());
    GANTRY_ASSERT(again->manifest == loaded->manifest);
    return 0;
}
