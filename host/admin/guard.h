// guard.h: who may talk to the admin listener: Host, Origin and token, each checked on its own.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/net/http_codec.h"

namespace gantry::admin {

/// A refusal to answer with.
struct Refusal {
    std::uint32_t status = 400;
    std::string sentence;
};

/// A page of another site can make a browser send requests here, also under a name of its own that
/// resolves to loopback. So the Host must be one of ours, a POST must not come from elsewhere, and
/// only a header that no foreign page can set carries the token.
class Guard {
public:
    /// `address` and `port` as listened on.
    Guard(std::string address, std::uint16_t port, std::string token);

    /// Of every request.
    std::optional<Refusal> check_host(const net::HttpRequest& request) const;
    /// Of a request that changes something.
    std::optional<Refusal> check_write(const net::HttpRequest& request) const;
    /// Authorization: Bearer, compared in constant time.
    std::optional<Refusal> check_token(const net::HttpRequest& request) const;

private:
    bool is_own(std::string_view host_and_port) const;

    std::string address_;
    std::string port_;
    std::string token_;
};

/// Takes the same time wherever the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// An IPv6 address in brackets, any other as it is.
std::string url_host(const std::string& address);

}  // namespace gantry::admin
