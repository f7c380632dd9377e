// gantry/abi.h: the version of the binary interface between host and plugins.
#pragma once
#include <cstddef>
#include <cstdint>

/// A host serves plugins whose major is within its window and whose minor is not above its own.
/// Major grows when something released changes its meaning; minor when something is added.
#define GANTRY_ABI_MAJOR 1
#define GANTRY_ABI_MINOR 4
#define GANTRY_SDK_VERSION "0.1.0"

#if defined(_WIN32)
#define GANTRY_EXPORT extern "C" __declspec(dllexport)
#else
#define GANTRY_EXPORT extern "C" __attribute__((visibility("default")))
#endif
