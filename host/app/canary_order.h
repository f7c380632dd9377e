// What a canary process is told, in a file, and how it answers.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "host/plugin/canary.h"

namespace gantry::app {

/// CBOR (RFC 8949). In a file and not in the arguments: config and environment may hold secrets.
std::vector<std::byte> encode_order(const plugin::CanaryOrder& order);
Result<plugin::CanaryOrder> decode_order(std::span<const std::byte> bytes);

/// Where the process puts the second copy of the candidate.
std::filesystem::path second_copy(const plugin::CanaryOrder& order);

/// The lines of the answer. `at` is said before each step, so that its end tells where it ended.
namespace canary_line {
inline constexpr std::string_view at = "at ";
inline constexpr std::string_view refused = "refused ";
inline constexpr std::string_view passed = "passed";
inline constexpr std::string_view note = "note ";  ///< what could not be looked at
/// Begins the name of a step that only the incumbent's code takes.
inline constexpr std::string_view incumbent = "the incumbent's ";
}  // namespace canary_line

}  // namespace gantry::app
