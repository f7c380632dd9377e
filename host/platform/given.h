// What a plugin gives to the host is looked at before the host does anything with it.
#pragma once
#include <cstdint>

#include "gantry/types.h"

namespace gantry::platform {

/// Reads a byte of each page. A pointer that leads nowhere, or a size that is too large, faults
/// here, where the host has nothing under way: the plugin's call is left for it as for a fault of
/// its own (fault.h). Stands first in the calls of an interface, and behind a plugin's function
/// that has pointed to something. [any thread]
void look_at(const void* first, std::uint64_t bytes) noexcept;
/// The same for what the host will write to.
void look_into(void* first, std::uint64_t bytes) noexcept;

template <class T>
concept Extent = requires(T given) {
    given.data;
    given.size;
};
/// Each a Str or Bytes.
template <Extent... Given>
void look_at(const Given&... given) noexcept {
    (look_at(given.data, given.size), ...);
}
template <class T>
void look_at_one(const T* one) noexcept {
    look_at(one, sizeof(T));
}
template <class T>
void look_at_list(const T* first, std::uint64_t count) noexcept {
    std::uint64_t bytes = 0;
    look_at(first, __builtin_mul_overflow(count, sizeof(T), &bytes) ? UINT64_MAX : bytes);
}
template <class T>
void look_into_one(T* one) noexcept {
    look_into(one, sizeof(T));
}

/// That is code of the first two.
bool looks_at_given(const void* at) noexcept;

}  // namespace gantry::platform
