#include "host/admin/guard.h"

#include <array>
#include <utility>

namespace gantry::admin {
namespace {

constexpr std::string_view default_port = "80";

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;  // the length is no secret
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i])) ^
                      static_cast<unsigned char>(b[i]);
    }
    return difference == 0;
}

std::string url_host(const std::string& address) {
    return address.find(':') == std::string::npos ? address : '[' + address + ']';
}

Guard::Guard(std::string address, std::uint16_t port, std::string token)
    : address_{url_host(address)}, port_{std::to_string(port)}, token_{std::move(token)} {}

bool Guard::is_own(std::string_view host_and_port) const {
    const std::array<std::string_view, 4> hosts{"localhost", "127.0.0.1", "[::1]", address_};
    for (const std::string_view host : hosts) {
        if (host_and_port.size() < host.size()) continue;
        if (!net::http_name_equal(host_and_port.substr(0, host.size()), host)) continue;
        const std::string_view rest = host_and_port.substr(host.size());
        if (rest.empty() && port_ == default_port) return true;
        if (rest.starts_with(':') && rest.substr(1) == port_) return true;
    }
    return false;
}

std::optional<Refusal> Guard::check_host(const net::HttpRequest& request) const {
    if (is_own(request.header("Host"))) return std::nullopt;
    return Refusal{421, "the Host header names another server; use localhost:" + port_};
}

std::optional<Refusal> Guard::check_write(const net::HttpRequest& request) const {
    const std::size_t origins = request.header_count("Origin");
    const std::string_view origin = request.header("Origin");
    constexpr std::string_view scheme = "http://";
    const bool own = origin.starts_with(scheme) && is_own(origin.substr(scheme.size()));
    if (origins > 1 || (origins == 1 && !own)) {
        return Refusal{403, "a page of another origin may not do this"};
    }
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none") {
        return Refusal{403, "a page of another site may not do this"};
    }
    std::string_view type = request.header("Content-Type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    if (!net::http_name_equal(type, "application/json")) {
        return Refusal{415, "the Content-Type must be application/json"};
    }
    return std::nullopt;
}

std::optional<Refusal> Guard::check_token(const net::HttpRequest& request) const {
    const std::string_view value = request.header("Authorization");
    constexpr std::string_view scheme = "Bearer ";
    const bool bearer = value.size() >= scheme.size() &&
                        net::http_name_equal(value.substr(0, scheme.size()), scheme);
    if (request.header_count("Authorization") == 1 && bearer && !token_.empty() &&
        equal_in_constant_time(value.substr(scheme.size()), token_)) {
        return std::nullopt;
    }
    return Refusal{401, "this needs the header Authorization: Bearer with the host's token"};
}

}  // namespace gantry::admin
