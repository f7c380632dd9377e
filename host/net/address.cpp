#include "host/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace gantry::net {

std::string address_text(const NetAddress& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.family != 4 && address.family != 6) return "-";
    const bool v6 = address.family == 6;
    inet_ntop(v6 ? AF_INET6 : AF_INET, address.ip, text, sizeof text);
    std::string all{v6 ? "[" : ""};
    all.append(text).append(v6 ? "]:" : ":").append(std::to_string(address.port));
    return all;
}

std::optional<NetAddress> parse_address(std::string_view ip, std::uint16_t port) noexcept {
    char text[INET6_ADDRSTRLEN];
    if (ip.empty() || ip.size() >= sizeof text) return std::nullopt;
    std::memcpy(text, ip.data(), ip.size());
    text[ip.size()] = 0;

    NetAddress address;
    address.port = port;
    if (inet_pton(AF_INET, text, address.ip) == 1) {
        address.family = 4;
    } else if (inet_pton(AF_INET6, text, address.ip) == 1) {
        address.family = 6;
    } else {
        return std::nullopt;
    }
    return address;
}

NetAddress from_sockaddr(const sockaddr_storage& from) noexcept {
    NetAddress address;
    if (from.ss_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &from, sizeof v4);
        address.family = 4;
        address.port = ntohs(v4.sin_port);
        std::memcpy(address.ip, &v4.sin_addr, 4);
    } else if (from.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &from, sizeof v6);
        address.family = 6;
        address.port = ntohs(v6.sin6_port);
        std::memcpy(address.ip, &v6.sin6_addr, 16);
    }
    return address;
}

socklen_t to_sockaddr(const NetAddress& address, sockaddr_storage& to) noexcept {
    to = {};
    if (address.family == 4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, address.ip, 4);
        std::memcpy(&to, &v4, sizeof v4);
        return sizeof v4;
    }
    if (address.family == 6) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.port);
        std::memcpy(&v6.sin6_addr, address.ip, 16);
        std::memcpy(&to, &v6, sizeof v6);
        return sizeof v6;
    }
    return 0;
}

std::uint64_t address_hash(const NetAddress& address) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a, then mixed for its low bits
    for (const std::uint8_t byte : address.ip) hash = (hash ^ byte) * 0x100000001b3ull;
    hash ^= hash >> 32;
    return hash * 0x9e3779b97f4a7c15ull >> 16;
}

}  // namespace gantry::net
