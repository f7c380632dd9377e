// PluginFiles: which library a test means by the name of a plugin.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/result.h"

namespace gantry::test {

class PluginFiles {
public:
    /// `beside` is the folder of the test library.
    explicit PluginFiles(std::filesystem::path beside) : beside_{std::move(beside)} {}

    /// "hello=build/hello.so"
    Result<Done> add(std::string_view named);
    /// A name that was added; else NAME.so beside the test library; else a path.
    Result<std::filesystem::path> find(std::string_view name) const;
    /// Those that were added.
    std::vector<std::filesystem::path> added() const;

private:
    std::filesystem::path beside_;
    std::map<std::string, std::filesystem::path, std::less<>> added_;
};

}  // namespace gantry::test
