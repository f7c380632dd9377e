// parser.h: relaxed JSON text to a Node: comments and trailing commas are allowed, nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/manifest/node.h"

namespace gantry::manifest {

/// Whether `text` is a number as JSON writes it.
bool is_number(std::string_view text) noexcept;

/// The value that `text` holds. The first error is added to `diagnostics`: too deep, a duplicate
/// key, bad UTF-8 and whatever else JSON does not allow. Positions get `file`.
std::optional<Node> parse(std::string_view text, std::uint32_t file, const std::string& file_name,
                          Diagnostics& diagnostics);

}  // namespace gantry::manifest
