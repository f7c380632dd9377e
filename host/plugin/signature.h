// Signatures of libraries: Ed25519 (RFC 8032) over the file's bytes, in `name.so.sig` beside it.
#pragma once
#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "host/core/result.h"

namespace gantry::plugin {

using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

/// 64 hexadecimal digits, as `gantry keygen` prints them and the manifest lists them.
Result<PublicKey> parse_public_key(std::string_view text);

bool is_signed_by(const PublicKey& key, std::span<const std::byte> bytes,
                  const Signature& signature);

/// Makes a private key in a new file that only this user can read (PEM, PKCS #8), and tells its
/// public half. `openssl genpkey -algorithm ed25519` makes the same.
Result<PublicKey> make_key(const std::filesystem::path& file);

/// What `openssl pkeyutl -sign -rawin` gives: 64 bytes. Errors name the key's file.
Result<Signature> sign(std::span<const std::byte> bytes, const std::filesystem::path& key_file);

/// "arena.so" -> "arena.so.sig"
std::filesystem::path signature_file(const std::filesystem::path& library);

}  // namespace gantry::plugin
