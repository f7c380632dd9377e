#include "host/platform/given.h"

#include <cstddef>

// What is in a section of such a name lies between these two, which the linker makes.
extern "C" {
extern const char __start_gantry_given[];
extern const char __stop_gantry_given[];
}

#define GANTRY_GIVEN [[gnu::noinline, gnu::section("gantry_given")]] void

namespace gantry::platform {
namespace {

constexpr std::uint64_t page_bytes = 4096;

}  // namespace

GANTRY_GIVEN look_at(const void* first, std::uint64_t bytes) noexcept {
    if (bytes == 0) return;
    const auto* const at = static_cast<const volatile std::byte*>(first);
    for (std::uint64_t i = 0; i < bytes; i += page_bytes) (void)at[i];
    (void)at[bytes - 1];
}

GANTRY_GIVEN look_into(void* first, std::uint64_t bytes) noexcept {
    if (bytes == 0) return;
    auto* const at = static_cast<volatile std::byte*>(first);
    for (std::uint64_t i = 0; i < bytes; i += page_bytes) at[i] = at[i];
    at[bytes - 1] = at[bytes - 1];
}

bool looks_at_given(const void* at) noexcept {
    return at >= __start_gantry_given && at < __stop_gantry_given;
}

}  // namespace gantry::platform
