#include "host/platform/tree_watch.h"

#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace gantry::platform {
namespace {

namespace fs = std::filesystem;

void add_file(const fs::path& file, TreeWatch::Changes& changes) {
    if (changes.files.size() < TreeWatch::files_max) {
        changes.files.insert(file);
    } else {
        changes.more = true;
    }
}

bool lies_in(const fs::path& path, const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
           folder.end();
}

}  // namespace

struct TreeWatch::Event {
    int watch = 0;
    std::uint32_t what = 0;
    const char* name = "";
};

Result<std::unique_ptr<TreeWatch>> TreeWatch::open(const fs::path& folder, Enters enters) {
    Descriptor events{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (!events) {
        return Error{Status::limit, std::string{"cannot watch folders: "} + std::strerror(errno)};
    }
    std::unique_ptr<TreeWatch> watch{new TreeWatch{folder, std::move(enters), std::move(events)}};
    if (auto added = watch->add_tree(folder, nullptr); !added) return added.error();
    return watch;
}

Result<Done> TreeWatch::add_folder(const fs::path& folder) {
    if (folders_.size() >= folders_max) {
        return Error{Status::limit, "there are more than " + std::to_string(folders_max) +
                                        " folders in " + root_.string() +
                                        ", too many to watch; name the one with the sources"};
    }
    constexpr std::uint32_t wanted = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                     IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;
    const int number = ::inotify_add_watch(events_.number(), folder.c_str(), wanted);
    if (number >= 0) {
        folders_[number] = folder;
        return Done{};
    }
    if (errno == ENOSPC) {
        return Error{Status::limit,
                     "this user may watch no more folders than it does; "
                     "fs.inotify.max_user_watches of sysctl raises that"};
    }
    return Error{Status::not_found,
                 "cannot watch the folder " + folder.string() + ": " + std::strerror(errno)};
}

// A folder is watched before it is read: what comes meanwhile is told twice rather than never.
Result<Done> TreeWatch::add_tree(const fs::path& folder, Changes* files_in_it) {
    std::vector<fs::path> left{folder};
    while (!left.empty()) {
        const fs::path now = std::move(left.back());
        left.pop_back();
        if (now != root_ && !enters_(now)) continue;
        if (auto added = add_folder(now); !added) {
            // One below may have gone again, or be closed to this user.
            if (added.error().status == Status::limit || now == root_) return added;
            continue;
        }
        std::error_code error;
        for (fs::directory_iterator it{now, error}, end; !error && it != end; it.increment(error)) {
            std::error_code ignored;
            const fs::file_status status = it->symlink_status(ignored);
            if (fs::is_directory(status)) {
                left.push_back(it->path());
            } else if (files_in_it != nullptr && fs::is_regular_file(status)) {
                add_file(it->path(), *files_in_it);
            }
        }
    }
    return Done{};
}

void TreeWatch::remove_tree(const fs::path& folder) {
    for (const auto& [number, path] : folders_) {
        // The entry goes with the event that tells of the end of the watch.
        if (lies_in(path, folder)) (void)::inotify_rm_watch(events_.number(), number);
    }
}

void TreeWatch::take_event(const Event& event, Changes& changes) {
    if ((event.what & IN_Q_OVERFLOW) != 0) {
        changes.more = true;
        (void)add_tree(root_, nullptr);  // folders may have come untold
        return;
    }
    const auto found = folders_.find(event.watch);
    if (found == folders_.end()) return;
    if ((event.what & IN_IGNORED) != 0) return (void)folders_.erase(found);
    const fs::path path = found->second / event.name;
    if ((event.what & IN_ISDIR) == 0) {
        if ((event.what & IN_CREATE) == 0) add_file(path, changes);
        return;
    }
    if ((event.what & IN_MOVED_FROM) != 0) remove_tree(path);
    if ((event.what & (IN_CREATE | IN_MOVED_TO)) == 0) return;
    if (!add_tree(path, &changes)) changes.more = true;
}

TreeWatch::Changes TreeWatch::take() {
    Changes changes;
    alignas(inotify_event) char buffer[16 * 1024];
    for (;;) {
        const ssize_t count = ::read(events_.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return changes;
        for (const char* at = buffer; at < buffer + count;) {
            const auto* const one = reinterpret_cast<const inotify_event*>(at);
            take_event({one->wd, one->mask, one->len != 0 ? one->name : ""}, changes);
            at += sizeof(inotify_event) + one->len;
        }
    }
}

void TreeWatch::wait(TimeNs duration_max) {
    pollfd wanted{events_.number(), POLLIN, 0};
    const timespec time{duration_max / ns_per_s, duration_max % ns_per_s};
    (void)::ppoll(&wanted, 1, &time, nullptr);
}

}  // namespace gantry::platform
