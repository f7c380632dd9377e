// NetAddress as text, and to and from what the system's calls take.
#pragma once
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "gantry/transport.h"

namespace gantry::net {

/// "127.0.0.1:4000", "[::1]:4000", or "-" without an address.
std::string address_text(const NetAddress& address);

/// An IPv4 or IPv6 literal; names are not resolved.
std::optional<NetAddress> parse_address(std::string_view ip, std::uint16_t port) noexcept;

NetAddress from_sockaddr(const sockaddr_storage& from) noexcept;
/// Returns the length used, 0 without an address.
socklen_t to_sockaddr(const NetAddress& address, sockaddr_storage& to) noexcept;

/// Of the IP alone: two connections of one machine give the same.
std::uint64_t address_hash(const NetAddress& address) noexcept;

}  // namespace gantry::net
