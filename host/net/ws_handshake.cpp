#include "host/net/ws_handshake.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "host/core/assert.h"
#include "host/net/sha1.h"

namespace gantry::net {

namespace {

constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view deflate_name = "permessage-deflate";
constexpr std::string_view deflate_agreed =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Cuts the next item off a list; quoted separators do not occur in what is parsed here.
std::string_view next_item(std::string_view& list, char separator) {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view item = trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return item;
}

/// 16 bytes in base64.
bool valid_key(std::string_view key) {
    if (key.size() != 24 || key.substr(22) != "==") return false;
    return std::all_of(key.begin(), key.begin() + 22, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    });
}

struct DeflateParameters {
    bool valid = true;
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    bool client_window = false;
    bool server_window = false;
    int server_window_bits = 15;

    void take(std::string_view name, std::string_view value) {
        const bool bits = value == "8" || value == "9" || value == "10" || value == "11" ||
                          value == "12" || value == "13" || value == "14" || value == "15";
        if (name == "server_no_context_takeover") {
            once(server_no_context_takeover, value.empty());
        } else if (name == "client_no_context_takeover") {
            once(client_no_context_takeover, value.empty());
        } else if (name == "client_max_window_bits") {
            once(client_window, value.empty() || bits);
        } else if (name == "server_max_window_bits") {
            once(server_window, bits);
            if (bits) server_window_bits = std::stoi(std::string{value});
        } else {
            valid = false;
        }
    }

private:
    // A parameter that comes twice makes the whole offer invalid (RFC 7692, 7.1).
    void once(bool& seen, bool well_formed) {
        if (seen || !well_formed) valid = false;
        seen = true;
    }
};

DeflateParameters parse_deflate(std::string_view offer) {
    DeflateParameters parsed;
    parsed.valid = http_name_equal(next_item(offer, ';'), deflate_name);
    while (!offer.empty() && parsed.valid) {
        std::string_view value = next_item(offer, ';');
        const std::string_view name = next_item(value, '=');
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
            value = value.substr(1, value.size() - 2);
        }
        parsed.take(name, value);
    }
    return parsed;
}

/// Our deflate stream has a window of 15 bits: an offer that asks for less is passed over.
bool accepts_deflate(const HttpRequest& request) {
    for (const HttpHeader& header : request.headers) {
        if (!http_name_equal(header.name, "Sec-WebSocket-Extensions")) continue;
        std::string_view offers = header.value;
        while (!offers.empty()) {
            const DeflateParameters offer = parse_deflate(next_item(offers, ','));
            if (offer.valid && offer.server_window_bits == 15) return true;
        }
    }
    return false;
}

std::optional<HttpFailure> objection(const HttpRequest& request, const WebSocketOptions& options) {
    const auto refuse = [](std::uint32_t status, const char* sentence) {
        return HttpFailure{status, sentence};
    };
    if (!options.path.empty() && request.path() != options.path) {
        return refuse(404, "no WebSocket is served at this path");
    }
    if (!request.header_has("Upgrade", "websocket") ||
        !request.header_has("Connection", "upgrade")) {
        return refuse(426, "this port speaks WebSocket only");
    }
    if (request.method != "GET" || request.version != 11) {
        return refuse(400, "an upgrade to WebSocket is a GET of HTTP/1.1");
    }
    if (request.header("Sec-WebSocket-Version") != "13") {
        return refuse(426, "only version 13 of WebSocket is spoken");
    }
    if (request.header_count("Sec-WebSocket-Key") != 1 ||
        !valid_key(request.header("Sec-WebSocket-Key"))) {
        return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64, once");
    }
    const auto& origins = options.origins;
    const bool known = std::any_of(origins.begin(), origins.end(), [&](const std::string& origin) {
        return http_name_equal(origin, request.header("Origin"));
    });
    if (!origins.empty() && !known) return refuse(403, "this Origin is not allowed here");
    return std::nullopt;
}

}  // namespace

std::string ws_accept_key(std::string_view key) {
    return base64(sha1(std::string{key} + std::string{accept_guid}));
}

std::string ws_refusal(std::uint32_t status, std::string_view sentence) {
    HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    if (status == 426) {
        response.headers.push_back({"Upgrade", "websocket"});
        response.headers.push_back({"Sec-WebSocket-Version", "13"});
    }
    response.body = std::string{sentence} + "\n";
    response.keep_alive = false;
    return http_serialise(response);
}

WsAnswer answer_ws_request(const HttpRequest& request, const WebSocketOptions& options) {
    if (const auto refused = objection(request, options)) {
        return {false, false, ws_refusal(refused->status, refused->sentence)};
    }
    HttpResponse response;
    response.status = 101;
    response.headers = {
        {"Upgrade", "websocket"},
        {"Connection", "Upgrade"},
        {"Sec-WebSocket-Accept", ws_accept_key(request.header("Sec-WebSocket-Key"))}};
    for (const std::string& protocol : options.subprotocols) {
        if (!request.header_has("Sec-WebSocket-Protocol", protocol)) continue;
        response.headers.push_back({"Sec-WebSocket-Protocol", protocol});
        break;
    }
    const bool deflate = options.permessage_deflate && accepts_deflate(request);
    if (deflate) {
        response.headers.push_back({"Sec-WebSocket-Extensions", std::string{deflate_agreed}});
    }
    return {true, deflate, http_serialise(response)};
}

std::string make_ws_request(const WebSocketOptions& options, std::string_view host,
                            std::string_view key) {
    HttpRequest request;
    request.method = "GET";
    request.target = options.path.empty() ? "/" : options.path;
    request.headers = {{"Host", std::string{host}},
                       {"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", std::string{key}}};
    std::string protocols;
    for (const std::string& protocol : options.subprotocols) {
        protocols += (protocols.empty() ? "" : ", ") + protocol;
    }
    if (!protocols.empty()) request.headers.push_back({"Sec-WebSocket-Protocol", protocols});
    if (!options.origins.empty()) request.headers.push_back({"Origin", options.origins.front()});
    if (options.permessage_deflate) {
        request.headers.push_back({"Sec-WebSocket-Extensions", std::string{deflate_agreed}});
    }
    return http_serialise(request);
}

const char* check_ws_response(const HttpResponse& response, const WebSocketOptions& options,
                              std::string_view key, bool& deflate) {
    deflate = false;
    if (response.status != 101) return "the server does not upgrade";
    if (!http_name_equal(response.header("Upgrade"), "websocket")) return "no Upgrade: websocket";
    if (!http_name_equal(response.header("Connection"), "upgrade")) return "no Connection: Upgrade";
    if (response.header("Sec-WebSocket-Accept") != ws_accept_key(key)) {
        return "the Sec-WebSocket-Accept does not fit the key";
    }
    const std::string_view protocol = response.header("Sec-WebSocket-Protocol");
    const auto& offered = options.subprotocols;
    if (!protocol.empty() && std::find(offered.begin(), offered.end(), protocol) == offered.end()) {
        return "the server chose a subprotocol that was not offered";
    }
    const std::string_view extensions = response.header("Sec-WebSocket-Extensions");
    if (extensions.empty()) return nullptr;
    const DeflateParameters agreed = parse_deflate(extensions);
    if (!options.permessage_deflate || !agreed.valid || agreed.client_window ||
        !agreed.server_no_context_takeover) {
        return "the server chose an extension that was not offered";
    }
    deflate = true;
    return nullptr;
}

void fill_from_system(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
        GANTRY_ASSERT(got > 0);
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace gantry::net
