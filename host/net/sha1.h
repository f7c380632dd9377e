// SHA-1 and base64, for the one place where WebSocket's handshake wants them. Protects nothing.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gantry::net {

std::array<std::uint8_t, 20> sha1(std::string_view text) noexcept;
std::string base64(std::span<const std::uint8_t> bytes);

}  // namespace gantry::net
