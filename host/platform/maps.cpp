#include "host/platform/maps.h"

#include <unistd.h>

#include <charconv>
#include <string_view>

#include "host/platform/proc.h"

namespace gantry::platform {
namespace {

std::uint32_t entry_count(const char* path) {
    std::uint32_t count = 0;
    ProcFolder folder{path};
    while (folder.next()) ++count;
    return count;
}

}  // namespace

std::uint32_t mapping_count(const std::filesystem::path& file) {
    const std::string& wanted = file.native();
    std::uint32_t count = 0;
    ProcLines maps{"/proc/self/maps"};
    while (const auto line = maps.next()) {
        const auto at = line->find('/');
        // A deleted file is listed with " (deleted)" behind its path.
        if (at != line->npos && line->compare(at, wanted.size(), wanted) == 0) ++count;
    }
    return count;
}

std::uint32_t thread_count() { return entry_count("/proc/self/task"); }

ProcessCounts process_counts() {
    ProcessCounts counts;
    counts.descriptors = entry_count("/proc/self/fd");
    counts.threads = thread_count();
    ProcLines maps{"/proc/self/maps"};
    while (maps.next()) ++counts.mappings;
    counts.resident_bytes = resident_bytes();
    return counts;
}

std::uint64_t resident_bytes() {
    ProcLines statm{"/proc/self/statm"};
    std::string_view line = statm.next().value_or("");
    line.remove_prefix(line.find(' ') + 1);  // the second number
    std::uint64_t pages = 0;
    (void)std::from_chars(line.data(), line.data() + line.size(), pages);
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gantry::platform
