#include "host/platform/secure_random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <vector>

#include "host/core/assert.h"

namespace gantry::platform {

void secure_random(std::span<std::byte> out) noexcept {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        GANTRY_ASSERT(got > 0 || errno == EINTR);
        if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    }
}

std::string secure_token(std::size_t bytes) {
    std::vector<std::byte> raw(bytes);
    secure_random(raw);
    std::string text;
    for (const std::byte b : raw) text += fmt::format("{:02x}", static_cast<unsigned>(b));
    return text;
}

}  // namespace gantry::platform
