#include "host/platform/trusted_writers.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace gantry::platform {
namespace {

std::string user_name(uid_t user) {
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::to_string(user);
    }
    return entry.pw_name;
}

// Many systems give each user a group of the same name with nobody else in it, and a umask that
// lets it write: that group is the user. (sshd of Debian judges in the same way.)
bool is_private_group(gid_t group) {
    const uid_t user = ::geteuid();
    if (user == 0) return false;
    std::array<char, 4096> buffer;
    ::group entry{};
    ::group* found = nullptr;
    if (::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        return false;
    }
    const std::string name = user_name(user);
    if (name != entry.gr_name) return false;
    for (char** member = entry.gr_mem; *member != nullptr; ++member) {
        if (name != *member) return false;
    }
    return true;
}

Result<Done> check_writers(const struct stat& info, const std::string& shown,
                           const std::string& what) {
    if (info.st_uid != ::geteuid() && info.st_uid != 0) {
        return Error{Status::refused,
                     fmt::format("{}: {} belongs to {}, and code is taken only from {} and root; "
                                 "have it installed by one of them",
                                 shown, what, user_name(info.st_uid), user_name(::geteuid()))};
    }
    const bool group_writes = (info.st_mode & S_IWGRP) != 0 && !is_private_group(info.st_gid);
    if ((info.st_mode & S_IWOTH) != 0 || group_writes) {
        return Error{Status::refused,
                     fmt::format("{}: {} can be written by others (mode {:04o}); take that away "
                                 "with chmod go-w",
                                 shown, what, info.st_mode & 07777u)};
    }
    return Done{};
}

}  // namespace

Result<Done> check_file_writers(int descriptor, const std::filesystem::path& shown) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        return Error{Status::refused, shown.string() + ": " + std::strerror(errno)};
    }
    return check_writers(info, shown.string(), "the file");
}

Result<Done> check_folder_writers(int descriptor, const std::filesystem::path& shown) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        return Error{Status::refused, shown.string() + ": " + std::strerror(errno)};
    }
    if ((info.st_mode & S_ISVTX) != 0) return Done{};
    const auto folder = shown.parent_path();
    return check_writers(info, shown.string(),
                         "its folder " + (folder.empty() ? std::string{"."} : folder.string()));
}

}  // namespace gantry::platform
