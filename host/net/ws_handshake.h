// The HTTP upgrade to WebSocket (RFC 6455, section 4), for both sides, without I/O.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/net/http_codec.h"
#include "host/net/listener.h"

namespace gantry::net {

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string ws_accept_key(std::string_view key);

/// What to answer to an upgrade request.
struct WsAnswer {
    bool accepted = false;
    bool deflate = false;
    std::string response;  ///< the bytes to send, whether accepted or not
};
WsAnswer answer_ws_request(const HttpRequest& request, const WebSocketOptions& options);

/// The bytes that refuse something that never became a request.
std::string ws_refusal(std::uint32_t status, std::string_view sentence);

std::string make_ws_request(const WebSocketOptions& options, std::string_view host,
                            std::string_view key);

/// Why the server's answer is no upgrade, or null; `deflate` tells what was agreed.
const char* check_ws_response(const HttpResponse& response, const WebSocketOptions& options,
                              std::string_view key, bool& deflate);

/// Bytes from the system's own source: keys and masks must not be foreseeable (RFC 6455, 10.3).
void fill_from_system(std::span<std::byte> bytes);

/// What a connection keeps while it shakes hands.
class WsHandshake {
public:
    static HttpLimits limits() noexcept { return {8 * 1024, 0, 64}; }

    HttpRequestParser request{limits()};    ///< server
    HttpResponseParser response{limits()};  ///< client
    std::string key;                        ///< client
};

}  // namespace gantry::net
