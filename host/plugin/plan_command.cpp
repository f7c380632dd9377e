#include "host/plugin/plan_command.h"

#include <fmt/format.h>

namespace gantry::plugin {

std::string plan_command(const DropFolder& drop, const std::string& candidate,
                         const std::string& candidate_version,
                         const std::filesystem::path& candidate_file, const std::string& other,
                         const std::string& other_version) {
    const Dropped* const here = drop.find(candidate, candidate_version);
    const std::string first = here != nullptr && here->file == candidate_file
                                  ? fmt::format("{}@{}", candidate, candidate_version)
                                  : candidate_file.string();
    const Dropped* const newest = drop.newest(other);
    const bool known = newest != nullptr && newest->version != other_version;
    return fmt::format("gantry swap {} {}", first.empty() ? candidate : first,
                       known ? fmt::format("{}@{}", other, newest->version) : other);
}

}  // namespace gantry::plugin
