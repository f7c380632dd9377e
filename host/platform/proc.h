// ProcLines and ProcFolder: what the system tells of this process under /proc, read without memory
// of the heap.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "host/platform/descriptor.h"

namespace gantry::platform {

/// A file's lines, one after the other. For the sources of this folder.
class ProcLines {
public:
    /// Longer than a line of /proc/self/maps with the longest path; of a longer one the rest is
    /// taken for a line of its own.
    static constexpr std::size_t line_bytes_max = 8192;

    /// A file that cannot be read has no lines.
    explicit ProcLines(const char* path) noexcept;
    /// Without its line feed; stays until the next call.
    std::optional<std::string_view> next() noexcept;

private:
    Descriptor file_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    char buffer_[line_bytes_max];
};

/// The names in a folder but "." and "..", in no order. For the sources of this folder.
class ProcFolder {
public:
    /// A folder that cannot be read is empty.
    explicit ProcFolder(const char* path) noexcept;
    /// Ends with a zero byte; stays until the next call.
    std::optional<std::string_view> next() noexcept;
    int number() const noexcept { return folder_.number(); }

private:
    Descriptor folder_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    alignas(8) char buffer_[2048];
};

}  // namespace gantry::platform
