#include "host/platform/shadow_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace gantry::platform {
namespace {

struct Descriptor {
    int value;
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
};

Error system_error(const char* what, const std::filesystem::path& path) {
    const Status status = errno == ENOENT ? Status::not_found : Status::refused;
    return Error{status, std::string{what} + " " + path.string() + ": " + std::strerror(errno)};
}

Result<FileStamp> stamp_of(const struct stat& info, const std::filesystem::path& path) {
    if (!S_ISREG(info.st_mode)) {
        return Error{Status::refused, path.string() + " is not a regular file"};
    }
    FileStamp stamp;
    stamp.inode = info.st_ino;
    stamp.bytes = static_cast<std::uint64_t>(info.st_size);
    stamp.modified_ns = info.st_mtim.tv_sec * ns_per_s + info.st_mtim.tv_nsec;
    return stamp;
}

}  // namespace

Result<FileStamp> file_stamp(const std::filesystem::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return system_error("cannot look at", path);
    return stamp_of(info, path);
}

Result<std::vector<std::byte>> read_library(const std::filesystem::path& path) {
    // Non-blocking, for opening a pipe would wait for a writer for ever.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    if (file.value < 0) return system_error("cannot open", path);
    struct stat info {};
    if (::fstat(file.value, &info) != 0) return system_error("cannot look at", path);
    const auto stamp = stamp_of(info, path);
    if (!stamp) return stamp.error();
    if (stamp->bytes > library_bytes_max) {
        return Error{Status::limit, path.string() + " is larger than 512 MiB"};
    }
    std::vector<std::byte> bytes(stamp->bytes);
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n = ::read(file.value, bytes.data() + got, bytes.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("cannot read", path);
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    bytes.resize(got);
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
    if (file.value < 0) return system_error("cannot create", path);
    std::size_t put = 0;
    while (put < bytes.size()) {
        const ssize_t n = ::write(file.value, bytes.data() + put, bytes.size() - put);
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

void remove_file(const std::filesystem::path& path) noexcept { ::unlink(path.c_str()); }

}  // namespace gantry::platform
