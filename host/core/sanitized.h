// Whether this program was built with a sanitizer that keeps memory and signals to itself.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GANTRY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GANTRY_SANITIZED 1
#endif
#endif
#ifndef GANTRY_SANITIZED
#define GANTRY_SANITIZED 0  // also for what may not even be compiled there
#endif

namespace gantry::core {

inline constexpr bool sanitized = GANTRY_SANITIZED != 0;

}  // namespace gantry::core
