// RuntimeFile: how `gantry swap` finds the running host: pid, admin address and token, for its
// owner only.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/core/result.h"

namespace gantry::admin {

struct RuntimeInfo {
    std::string name;  ///< of the manifest
    std::int64_t pid = 0;
    std::string url;  ///< of the admin listener
    std::string token;
    std::string manifest;  ///< its path
};

/// $XDG_RUNTIME_DIR/gantry, else $TMPDIR/gantry-<uid>, else /tmp/gantry-<uid>; made with mode 0700.
/// An error when it belongs to somebody else or others may enter it.
Result<std::string> runtime_folder();

/// The file `<name>.<pid>.json` with mode 0600 while the host runs; removed by the destructor.
class RuntimeFile {
public:
    static Result<RuntimeFile> write(const RuntimeInfo& info);
    RuntimeFile(RuntimeFile&& other) noexcept;
    RuntimeFile& operator=(RuntimeFile&& other) noexcept;
    ~RuntimeFile();
    const std::string& path() const noexcept { return path_; }

private:
    explicit RuntimeFile(std::string path) noexcept;
    std::string path_;
};

/// The hosts of this user that still run; files left by dead ones are removed.
Result<std::vector<RuntimeInfo>> running_hosts();

/// The one running host, or the one of that name. An error lists the choices.
Result<RuntimeInfo> find_host(const std::string& name);

}  // namespace gantry::admin
