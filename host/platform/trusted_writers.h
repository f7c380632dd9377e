// Who may have written a file: code is taken only from this user and from root.
#pragma once
#include <filesystem>

#include "host/core/result.h"

namespace gantry::platform {

/// Looks at what is open, not at a path, so that nobody can put something else there in between.
/// `refused`, with the command that mends it, unless the file belongs to this user or to root and
/// nobody else may write it.
Result<Done> check_file_writers(int descriptor, const std::filesystem::path& shown);

/// The same for the folder it lies in, but for its owner: he can only put another file there that
/// this user or root wrote. A folder with the sticky bit, such as /tmp, may be written by all.
Result<Done> check_folder_writers(int descriptor, const std::filesystem::path& shown);

}  // namespace gantry::platform
