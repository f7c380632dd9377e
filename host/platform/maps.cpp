#include "host/platform/maps.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace gantry::platform {
namespace {

std::uint32_t entry_count(const char* folder) {
    std::uint32_t count = 0;
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator{folder, error};
         !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
        ++count;
    }
    return count;
}

}  // namespace

std::uint32_t mapping_count(const std::filesystem::path& file) {
    std::ifstream maps{"/proc/self/maps"};
    const std::string wanted = file.string();
    std::uint32_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        const auto at = line.find('/');
        // A deleted file is listed with " (deleted)" behind its path.
        if (at != std::string::npos && line.compare(at, wanted.size(), wanted) == 0) ++count;
    }
    return count;
}

std::uint32_t thread_count() { return entry_count("/proc/self/task"); }

ProcessCounts process_counts() {
    ProcessCounts counts;
    counts.descriptors = entry_count("/proc/self/fd");
    counts.threads = thread_count();
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) ++counts.mappings;
    counts.resident_bytes = resident_bytes();
    return counts;
}

std::uint64_t resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    statm >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gantry::platform
