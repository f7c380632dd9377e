#include "host/admin/static_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace gantry::admin {
namespace {

namespace fs = std::filesystem;

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

bool is_plain_step(std::string_view step) noexcept {
    return !step.empty() && !step.starts_with('.') &&
           std::all_of(step.begin(), step.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte >= 0x20 && byte != 0x7f && c != '\\' && c != ':';
           });
}

/// Reads `file` if, after every link is followed, it lies below `root`.
std::optional<std::string> read_below(const fs::path& root, const fs::path& file) {
    std::error_code error;
    const fs::path real_root = fs::canonical(root, error);
    if (error) return std::nullopt;
    const fs::path real = fs::canonical(file, error);
    if (error) return std::nullopt;
    const auto [end, ignored] =
        std::mismatch(real_root.begin(), real_root.end(), real.begin(), real.end());
    if (end != real_root.end() || !fs::is_regular_file(real, error)) return std::nullopt;
    const auto bytes = fs::file_size(real, error);
    if (error || bytes > StaticFiles::file_bytes_max) return std::nullopt;
    std::ifstream stream(real, std::ios::binary);
    std::string text(static_cast<std::size_t>(bytes), '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
}

/// FNV-1a, 64 bits: tells versions of a file apart, keeps nobody out.
std::string etag_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ull;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return fmt::format("\"{:016x}-{:x}\"", hash, text.size());
}

net::HttpResponse not_found() {
    net::HttpResponse response;
    response.status = 404;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    response.body = "There is nothing at this address.\n";
    return response;
}

}  // namespace

std::string plain_path(std::string_view path, bool& ok) {
    ok = false;
    const auto decoded = percent_decoded(path);
    if (!decoded || !decoded->starts_with('/')) return {};
    std::string_view rest = std::string_view{*decoded}.substr(1);
    while (!rest.empty()) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        if (!is_plain_step(rest.substr(0, slash))) return {};
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    ok = true;
    return *decoded;
}

std::string_view content_type(std::string_view file_name) noexcept {
    constexpr std::pair<std::string_view, std::string_view> types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".wasm", "application/wasm"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".webmanifest", "application/manifest+json"},
    };
    for (const auto& [ending, type] : types) {
        if (file_name.ends_with(ending)) return type;
    }
    return "application/octet-stream";
}

StaticFiles::StaticFiles(std::vector<AdminConfig::Root> roots) : roots_{std::move(roots)} {
    std::stable_sort(roots_.begin(), roots_.end(), [](const auto& a, const auto& b) {
        return a.prefix.size() > b.prefix.size();
    });
}

net::HttpResponse StaticFiles::get(const net::HttpRequest& request) const {
    bool ok = false;
    std::string path = plain_path(request.path(), ok);
    if (!ok) return not_found();
    if (path.ends_with('/')) path += "index.html";
    for (const AdminConfig::Root& root : roots_) {
        if (!path.starts_with(root.prefix)) continue;
        const fs::path file = fs::path{root.folder} / path.substr(root.prefix.size());
        auto text = read_below(root.folder, file);
        if (!text) continue;

        net::HttpResponse response;
        const std::string etag = etag_of(*text);
        response.headers = {{"ETag", etag}, {"Cache-Control", "no-cache"}};
        if (request.header_has("If-None-Match", etag)) {
            response.status = 304;
            return response;
        }
        response.headers.push_back({"Content-Type", std::string{content_type(path)}});
        response.body = std::move(*text);
        return response;
    }
    return not_found();
}

}  // namespace gantry::admin
