// StaticFiles: the pages of web roots, and nothing outside them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/admin/server.h"
#include "host/net/http_codec.h"

namespace gantry::admin {

class StaticFiles {
public:
    static constexpr std::size_t file_bytes_max = 16 * 1024 * 1024;

    explicit StaticFiles(std::vector<AdminConfig::Root> roots);

    /// The file that the path names, 304 when the client has it, else 404. Hidden files, links that
    /// lead out of the root, folders without an index.html and anything but regular files are 404.
    net::HttpResponse get(const net::HttpRequest& request) const;

private:
    std::vector<AdminConfig::Root> roots_;  ///< the longest prefix first
};

/// The path below a root that `path` means, without percent signs; nothing when it is not plain:
/// "..", an empty or hidden step, a backslash, a control character, broken percent signs.
std::string plain_path(std::string_view path, bool& ok);

/// "text/html; charset=utf-8" for "x.html".
std::string_view content_type(std::string_view file_name) noexcept;

}  // namespace gantry::admin
