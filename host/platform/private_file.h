// Files and folders that only this user can read, and whether a process still runs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "host/core/result.h"

namespace gantry::platform {

/// Makes the folder, or accepts one that is there: it must be a real folder of this user that
/// nobody else may enter, else an error says so.
Result<Done> make_user_folder(const std::filesystem::path& folder);

/// Replaces `path` in one step by a file that only this user can read.
Result<Done> write_private_file(const std::filesystem::path& path, const std::string& text);

/// A regular file of this user that nobody else can write, of at most `bytes_max` bytes.
Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t bytes_max);

std::int64_t process_id() noexcept;
/// True also for a process of another user.
bool process_runs(std::int64_t id) noexcept;

/// A number or name of this user, fit for a file name.
std::string user_tag();

}  // namespace gantry::platform
