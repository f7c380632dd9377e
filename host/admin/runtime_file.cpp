#include "host/admin/runtime_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "host/platform/private_file.h"

namespace gantry::admin {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t file_bytes_max = 16'384;

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "";
}

std::optional<RuntimeInfo> parse(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    for (const char* const key : {"name", "url", "token", "manifest"}) {
        if (!json.contains(key) || !json[key].is_string()) return std::nullopt;
    }
    if (!json.contains("pid") || !json["pid"].is_number_integer()) return std::nullopt;
    return RuntimeInfo{json["name"], json["pid"], json["url"], json["token"], json["manifest"]};
}

std::string list_of(const std::vector<RuntimeInfo>& hosts) {
    std::string out;
    for (const RuntimeInfo& host : hosts) {
        out += fmt::format("{}{} (pid {})", out.empty() ? "" : ", ", host.name, host.pid);
    }
    return out;
}

}  // namespace

Result<std::string> runtime_folder() {
    fs::path folder;
    if (const std::string run = variable("XDG_RUNTIME_DIR"); !run.empty()) {
        folder = fs::path{run} / "gantry";
    } else {
        const std::string temporary = variable("TMPDIR");
        folder =
            fs::path{temporary.empty() ? "/tmp" : temporary} / ("gantry-" + platform::user_tag());
    }
    if (auto made = platform::make_user_folder(folder); !made) return made.error();
    return folder.string();
}

RuntimeFile::RuntimeFile(std::string path) noexcept : path_{std::move(path)} {}

RuntimeFile::RuntimeFile(RuntimeFile&& other) noexcept : path_{std::exchange(other.path_, {})} {}

RuntimeFile& RuntimeFile::operator=(RuntimeFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
}

RuntimeFile::~RuntimeFile() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
}

Result<RuntimeFile> RuntimeFile::write(const RuntimeInfo& info) {
    const auto folder = runtime_folder();
    if (!folder) return folder.error();
    const nlohmann::ordered_json json{{"name", info.name},
                                      {"pid", info.pid},
                                      {"url", info.url},
                                      {"token", info.token},
                                      {"manifest", info.manifest}};
    const std::string path = fmt::format("{}/{}.{}.json", *folder, info.name, info.pid);
    const std::string text = json.dump(4, ' ', false, nlohmann::json::error_handler_t::replace);
    if (auto written = platform::write_private_file(path, text + '\n'); !written) {
        return written.error();
    }
    return RuntimeFile{path};
}

Result<std::vector<RuntimeInfo>> running_hosts() {
    const auto folder = runtime_folder();
    if (!folder) return folder.error();
    std::vector<RuntimeInfo> hosts;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(*folder, error)) {
        if (entry.path().extension() != ".json") continue;
        const auto text = platform::read_private_file(entry.path(), file_bytes_max);
        if (!text) continue;
        auto info = parse(*text);
        if (!info) continue;
        if (platform::process_runs(info->pid)) {
            hosts.push_back(std::move(*info));
        } else {
            fs::remove(entry.path(), error);
        }
    }
    std::sort(hosts.begin(), hosts.end(), [](const RuntimeInfo& a, const RuntimeInfo& b) {
        return std::pair{a.name, a.pid} < std::pair{b.name, b.pid};
    });
    return hosts;
}

Result<RuntimeInfo> find_host(const std::string& name) {
    auto hosts = running_hosts();
    if (!hosts) return hosts.error();
    std::vector<RuntimeInfo> fitting;
    for (const RuntimeInfo& host : *hosts) {
        const bool meant = host.name == name || std::to_string(host.pid) == name;
        if (name.empty() || meant) fitting.push_back(host);
    }
    if (fitting.size() == 1) return fitting.front();
    if (hosts->empty()) {
        return Error{Status::not_found,
                     "no host of yours is running; `gantry run FILE` starts one"};
    }
    if (fitting.empty()) {
        return Error{Status::not_found, fmt::format("no host named \"{}\" is running; there is {}",
                                                    name, list_of(*hosts))};
    }
    return Error{Status::invalid, fmt::format("which host? there is {}", list_of(fitting))};
}

}  // namespace gantry::admin
