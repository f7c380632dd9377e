// The rules that the HTTP codec adds to its parser's, and how messages are written. Internal.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "host/net/http_codec.h"

namespace gantry::net {

/// Looks from `from` on. A line feed that follows no carriage return is how requests are
/// smuggled past a stricter proxy.
bool http_has_bare_line_feed(std::string_view bytes, std::size_t from = 0) noexcept;

/// Why a complete head ("\r\n\r\n" included) is refused before it is parsed, or null.
const char* http_head_objection(std::string_view head) noexcept;

/// Transfer codings that this server does not speak, or that hide where the body ends.
std::optional<HttpFailure> http_coding_objection(const std::vector<HttpHeader>& headers,
                                                 unsigned version);

/// A request that parsed but is refused: its Host, or what it expects.
std::optional<HttpFailure> http_request_objection(const HttpRequest& request);

/// The first header of that name, or empty.
std::string_view http_find_header(const std::vector<HttpHeader>& headers,
                                  std::string_view name) noexcept;

}  // namespace gantry::net
