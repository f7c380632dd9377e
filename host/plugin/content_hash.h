// ContentHash: SHA-256 of a library's bytes: what was checked is what is opened.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace gantry::plugin {

using ContentHash = std::array<std::byte, 32>;

ContentHash content_hash(std::span<const std::byte> bytes);

/// Lower-case hexadecimal digits.
std::string to_hex(std::span<const std::byte> bytes);

}  // namespace gantry::plugin
