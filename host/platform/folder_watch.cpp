#include "host/platform/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gantry::platform {

Result<std::unique_ptr<FolderWatch>> FolderWatch::open(const std::filesystem::path& folder) {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) {
        return Error{Status::limit, std::string{"cannot watch folders: "} + std::strerror(errno)};
    }
    const std::uint32_t events =
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
    if (::inotify_add_watch(descriptor, folder.c_str(), events | IN_ONLYDIR) < 0) {
        const std::string why = std::strerror(errno);
        ::close(descriptor);
        return Error{Status::not_found, "cannot watch the folder " + folder.string() + ": " + why};
    }
    return std::unique_ptr<FolderWatch>{new FolderWatch{descriptor}};
}

FolderWatch::~FolderWatch() { ::close(descriptor_); }

bool FolderWatch::changed() noexcept {
    alignas(inotify_event) char buffer[4096];
    bool any = false;
    while (::read(descriptor_, buffer, sizeof buffer) > 0) any = true;
    return any;
}

}  // namespace gantry::platform
