#include "host/platform/shadow_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "host/platform/descriptor.h"
#include "host/platform/trusted_writers.h"

namespace gantry::platform {
namespace {

Error system_error(const char* what, const std::filesystem::path& path) {
    const Status status = errno == ENOENT ? Status::not_found : Status::refused;
    return Error{status, std::string{what} + " " + path.string() + ": " + std::strerror(errno)};
}

/// A library that cannot be opened, and how to mend it.
Error open_error(const std::filesystem::path& path) {
    const char* const advice =
        errno == ENOENT  ? "name a file that is there"
        : errno == ELOOP ? "name the file itself: a symbolic link can be pointed elsewhere"
                         : "see to it that this user may read it";
    Error error = system_error("cannot open", path);
    error.message += std::string{"; "} + advice;
    return error;
}

Result<FileStamp> stamp_of(const struct stat& info, const std::filesystem::path& path) {
    if (!S_ISREG(info.st_mode)) {
        return Error{Status::refused,
                     path.string() + " is not a regular file; name the library itself"};
    }
    FileStamp stamp;
    stamp.inode = info.st_ino;
    stamp.bytes = static_cast<std::uint64_t>(info.st_size);
    stamp.modified_ns = info.st_mtim.tv_sec * ns_per_s + info.st_mtim.tv_nsec;
    return stamp;
}

Result<FileStamp> open_stamp(const Descriptor& file, const std::filesystem::path& path) {
    struct stat info {};
    if (::fstat(file.number(), &info) != 0) return system_error("cannot look at", path);
    return stamp_of(info, path);
}

/// A file that ends early leaves zeros behind: its stamp has changed then.
bool read_all(const Descriptor& file, std::vector<std::byte>& bytes) {
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n = ::read(file.number(), bytes.data() + got, bytes.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace

Result<FileStamp> file_stamp(const std::filesystem::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return system_error("cannot look at", path);
    return stamp_of(info, path);
}

Result<std::vector<std::byte>> read_library(const std::filesystem::path& path) {
    const auto parent = path.parent_path();
    const Descriptor folder{
        ::open(parent.empty() ? "." : parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!folder) return open_error(path);
    // Non-blocking, for opening a pipe would wait for a writer for ever.
    const Descriptor file{::openat(folder.number(), path.filename().c_str(),
                                   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    if (!file) return open_error(path);
    const auto before = open_stamp(file, path);
    if (!before) return before.error();
    if (auto ok = check_file_writers(file.number(), path); !ok) return ok.error();
    if (auto ok = check_folder_writers(folder.number(), path); !ok) return ok.error();
    if (before->bytes > library_bytes_max) {
        return Error{Status::limit, path.string() +
                                        " is larger than 512 MiB; keep data in files beside it, "
                                        "and strip its debug information"};
    }
    std::vector<std::byte> bytes(before->bytes);
    if (!read_all(file, bytes)) return system_error("cannot read", path);
    const auto after = open_stamp(file, path);
    if (!after) return after.error();
    if (!(*after == *before)) {
        return Error{Status::refused, path.string() +
                                          ": it changed while it was read; copy it under another "
                                          "name, and rename it when it is whole"};
    }
    return bytes;
}

Result<std::filesystem::path> make_private_folder() {
    const char* base = std::getenv("TMPDIR");
    std::string name =
        std::string{base != nullptr && *base != '\0' ? base : "/tmp"} + "/gantry-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return system_error("cannot make a folder like", name);
    return std::filesystem::path{name};
}

void remove_folder(const std::filesystem::path& folder) noexcept {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

Result<Done> write_new_file(const std::filesystem::path& path,
                            const std::vector<std::byte>& bytes) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500)};
    if (!file) return system_error("cannot create", path);
    std::size_t put = 0;
    while (put < bytes.size()) {
        const ssize_t n = ::write(file.number(), bytes.data() + put, bytes.size() - put);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const Error error = system_error("cannot write", path);
            ::unlink(path.c_str());
            return error;
        }
        put += static_cast<std::size_t>(n);
    }
    return Done{};
}

Result<Done> copy_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code error;
    std::filesystem::copy_file(from, to, error);
    if (!error) return Done{};
    return Error{Status::unavailable, "cannot copy " + from.string() + " to " + to.string() +
                                          ": " + error.message()};
}

void remove_file(const std::filesystem::path& path) noexcept { ::unlink(path.c_str()); }

}  // namespace gantry::platform
