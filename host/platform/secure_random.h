// Bytes for keys, tokens and nonces: from the system, never from a seed.
#pragma once
#include <cstddef>
#include <span>
#include <string>

namespace gantry::platform {

/// Fills the whole span or ends the process: going on with weak secrets is worse. [any thread]
void secure_random(std::span<std::byte> out) noexcept;

/// `bytes` random bytes as lower-case hexadecimal digits. [any thread]
std::string secure_token(std::size_t bytes);

}  // namespace gantry::platform
