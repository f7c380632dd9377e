#include "host/platform/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/platform/descriptor.h"

namespace gantry::platform {
namespace {

constexpr unsigned permission_bits = 07777;

Error failed(const std::filesystem::path& path, const char* what) {
    return {Status::refused, fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno))};
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<Done> make_user_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) return Done{};
    if (errno != EEXIST) return failed(folder, "the folder cannot be made");
    struct stat info {};
    if (::lstat(folder.c_str(), &info) != 0)
        return failed(folder, "the folder cannot be looked at");
    const bool own = S_ISDIR(info.st_mode) && info.st_uid == ::geteuid();
    if (own && (info.st_mode & permission_bits) == 0700) return Done{};
    return Error{Status::refused,
                 fmt::format("{}: this is no folder of yours with mode 0700", folder.string())};
}

Result<Done> write_private_file(const std::filesystem::path& path, const std::string& text) {
    const std::string aside = fmt::format("{}.{}.new", path.string(), ::getpid());
    ::unlink(aside.c_str());
    Descriptor file{
        ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file.number() < 0) return failed(aside, "the file cannot be made");
    if (!write_all(file.number(), text) || !file.close() ||
        ::rename(aside.c_str(), path.c_str()) != 0) {
        Error error = failed(path, "the file cannot be written");
        ::unlink(aside.c_str());
        return error;
    }
    return Done{};
}

Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t bytes_max) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (file.number() < 0) return failed(path, "the file cannot be opened");
    struct stat info {};
    if (::fstat(file.number(), &info) != 0) return failed(path, "the file cannot be looked at");
    const bool others_write = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || others_write) {
        return Error{Status::refused,
                     fmt::format("{}: this is no file of yours alone", path.string())};
    }
    std::string text(bytes_max + 1, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t count = ::read(file.number(), text.data() + filled, text.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(path, "the file cannot be read");
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    if (filled > bytes_max) {
        return Error{Status::limit,
                     fmt::format("{}: larger than {} bytes", path.string(), bytes_max)};
    }
    text.resize(filled);
    return text;
}

std::int64_t process_id() noexcept { return ::getpid(); }

bool process_runs(std::int64_t id) noexcept {
    if (id <= 0 || id > 0x7fffffff) return false;
    return ::kill(static_cast<pid_t>(id), 0) == 0 || errno == EPERM;
}

std::string user_tag() { return std::to_string(::geteuid()); }

}  // namespace gantry::platform
