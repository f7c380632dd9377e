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

Result<Done> check_owner(const struct stat& info, const std::string& shown) {
    if (info.st_uid == ::geteuid() || info.st_uid == 0) return Done{};
    const std::string self = user_name(::geteuid());
    return Error{Status::refused,
                 fmt::format("{}: the file belongs to {}, and code is taken only from {}; have it "
                             "installed by {}",
                             shown, user_name(info.st_uid),
                             self == "root" ? self : self + " and root", self)};
}

Result<Done> check_mode(const struct stat& info, const std::string& shown,
                        const std::string& what) {
    const bool group_writes = (info.st_mode & S_IWGRP) != 0 && !is_private_group(info.st_gid);
    if ((info.st_mode & S_IWOTH) == 0 && !group_writes) return Done{};
    return Error{Status::refused,
                 fmt::format("{}: {} can be written by others (mode {:04o}); take that away with "
                             "chmod go-w",
                             shown, what, info.st_mode & 07777u)};
}

}  // namespace

Result<Done> check_file_writers(int descriptor, const std::filesystem::path& shown) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        return Error{Status::refused, shown.string() + ": " + std::strerror(errno)};
    }
    if (auto ok = check_owner(info, shown.string()); !ok) return ok;
    return check_mode(info, shown.string(), "the file");
}

Result<Done> check_folder_writers(int descriptor, const std::filesystem::path& shown) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) {
        return Error{Status::refused, shown.string() + ": " + std::strerror(errno)};
    }
    if ((info.st_mode & S_ISVTX) != 0) return Done{};
    const auto folder = shown.parent_path();
    return check_mode(info, shown.string(),
                      "its folder " + (folder.empty() ? std::string{"."} : folder.string()));
}

}  // namespace gantry::platform
