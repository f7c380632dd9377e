// What is mapped into this process: the proof that a library has really left.
#pragma once
#include <cstdint>
#include <filesystem>

namespace gantry::platform {

/// How many mappings of this process have that file behind them. [any thread]
std::uint32_t mapping_count(const std::filesystem::path& file);

/// Counts that must stay flat over any number of swaps. [any thread]
struct ProcessCounts {
    std::uint32_t mappings = 0;
    std::uint32_t descriptors = 0;
    std::uint32_t threads = 0;
    std::uint64_t resident_bytes = 0;
};
ProcessCounts process_counts();
/// The last of them alone, cheap enough to ask often. [any thread]
std::uint64_t resident_bytes();
std::uint32_t thread_count();

}  // namespace gantry::platform
