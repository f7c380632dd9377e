#include "host/testing/plugin_files.h"

#include <fmt/format.h>

namespace gantry::test {

Result<Done> PluginFiles::add(std::string_view named) {
    const auto equals = named.find('=');
    if (equals == 0 || equals == named.npos || equals + 1 == named.size()) {
        return Error{Status::invalid, fmt::format("--plugin {} is not like hello=build/hello.so: "
                                                  "a name for the test, and the library",
                                                  named)};
    }
    added_.insert_or_assign(std::string{named.substr(0, equals)}, named.substr(equals + 1));
    return Done{};
}

Result<std::filesystem::path> PluginFiles::find(std::string_view name) const {
    if (const auto named = added_.find(name); named != added_.end()) return named->second;
    std::error_code ignored;
    const auto beside = beside_ / fmt::format("{}.so", name);
    if (std::filesystem::exists(beside, ignored)) return beside;
    if (std::filesystem::is_regular_file(name, ignored)) return std::filesystem::path{name};
    return Error{
        Status::not_found,
        fmt::format("there is no plugin {0}: neither {1} nor a file of that name is there; "
                    "say where it is: gantry test … --plugin {0}=FILE",
                    name, beside.string())};
}

std::vector<std::filesystem::path> PluginFiles::added() const {
    std::vector<std::filesystem::path> files;
    for (const auto& [name, file] : added_) files.push_back(file);
    return files;
}

}  // namespace gantry::test
