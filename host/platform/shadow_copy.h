// A private copy of a library file: what is checked, hashed and opened is the same bytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "host/core/result.h"

namespace gantry::platform {

inline constexpr std::uint64_t library_bytes_max = 512ull * 1024 * 1024;

/// What the file system says of a candidate, without opening it.
struct FileStamp {
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) noexcept = default;
};
/// `not_found` when absent, `refused` for anything but a regular file (a pipe would block).
Result<FileStamp> file_stamp(const std::filesystem::path& path);

/// The whole file in memory, opened without following a link at its end. `refused` when somebody
/// else than this user and root may write it or its folder, or when it changes meanwhile. Errors
/// name the path.
Result<std::vector<std::byte>> read_library(const std::filesystem::path& path);

/// A folder that only this user can enter, made anew for this process; removed by remove_folder().
Result<std::filesystem::path> make_private_folder();
void remove_folder(const std::filesystem::path& folder) noexcept;

/// Writes `bytes` under a name that must not exist yet.
Result<Done> write_new_file(const std::filesystem::path& path, const std::vector<std::byte>& bytes);
/// The same, with what the file `from` holds: its bytes stay in the kernel.
Result<Done> copy_file(const std::filesystem::path& from, const std::filesystem::path& to);
void remove_file(const std::filesystem::path& path) noexcept;

}  // namespace gantry::platform
