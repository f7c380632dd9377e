#include "host/platform/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gantry::platform {

ProcLines::ProcLines(const char* path) noexcept : file_{::open(path, O_RDONLY | O_CLOEXEC)} {}

std::optional<std::string_view> ProcLines::next() noexcept {
    while (true) {
        const std::string_view there{buffer_ + begin_, end_ - begin_};
        if (const auto feed = there.find('\n'); feed != there.npos) {
            begin_ += feed + 1;
            return there.substr(0, feed);
        }
        std::memmove(buffer_, there.data(), there.size());
        begin_ = 0;
        end_ = there.size();
        const ssize_t count = file_ && end_ < sizeof buffer_
                                  ? ::read(file_.number(), buffer_ + end_, sizeof buffer_ - end_)
                                  : 0;
        if (count < 0 && errno == EINTR) continue;
        if (count > 0) {
            end_ += static_cast<std::size_t>(count);
            continue;
        }
        if (end_ == 0) return std::nullopt;
        begin_ = end_;
        return std::string_view{buffer_, end_};
    }
}

ProcFolder::ProcFolder(const char* path) noexcept
    : folder_{::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {}

std::optional<std::string_view> ProcFolder::next() noexcept {
    while (true) {
        if (begin_ == end_) {
            const ssize_t count =
                folder_ ? ::getdents64(folder_.number(), buffer_, sizeof buffer_) : 0;
            if (count <= 0) return std::nullopt;
            begin_ = 0;
            end_ = static_cast<std::size_t>(count);
        }
        const auto* const entry = reinterpret_cast<const dirent64*>(buffer_ + begin_);
        begin_ += entry->d_reclen;
        const std::string_view name{entry->d_name};
        if (name != "." && name != "..") return name;
    }
}

}  // namespace gantry::platform
