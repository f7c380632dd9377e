#include "host/plugin/content_hash.h"

#include <openssl/evp.h>

#include "host/core/assert.h"

namespace gantry::plugin {

ContentHash content_hash(std::span<const std::byte> bytes) {
    ContentHash hash{};
    const int done =
        ::EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()),
                     nullptr, ::EVP_sha256(), nullptr);
    GANTRY_ASSERT(done == 1);
    return hash;
}

std::string to_hex(std::span<const std::byte> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text += digits[static_cast<unsigned>(b) >> 4];
        text += digits[static_cast<unsigned>(b) & 15];
    }
    return text;
}

}  // namespace gantry::plugin
