// address.h: whether a text is an IP address, without asking the operating system.
#pragma once
#include <string_view>

namespace gantry::manifest {

bool is_ipv4(std::string_view text) noexcept;
bool is_ipv6(std::string_view text) noexcept;

/// 127.x.y.z or ::1.
bool is_loopback(std::string_view text) noexcept;

}  // namespace gantry::manifest
