#include "host/net/http_text.h"

#include <algorithm>

namespace gantry::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
}

std::size_t count_headers(const std::vector<HttpHeader>& headers, std::string_view name) {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [name](const HttpHeader& h) { return http_name_equal(h.name, name); }));
}

void append_headers(std::string& out, const std::vector<HttpHeader>& headers) {
    for (const HttpHeader& header : headers) {
        if (has_control_character(header.name) || has_control_character(header.value)) continue;
        out.append(header.name).append(": ").append(header.value).append("\r\n");
    }
}

}  // namespace

bool http_name_equal(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

bool http_has_bare_line_feed(std::string_view bytes, std::size_t from) noexcept {
    for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
         at = bytes.find('\n', at + 1)) {
        if (at == 0 || bytes[at - 1] != '\r') return true;
    }
    return false;
}

const char* http_head_objection(std::string_view head) noexcept {
    if (http_has_bare_line_feed(head)) return "a line feed without a return";
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
        if (head[at + 2] == ' ' || head[at + 2] == '\t') return "a header folded over two lines";
    }
    return nullptr;
}

std::optional<HttpFailure> http_coding_objection(const std::vector<HttpHeader>& headers,
                                                 unsigned version) {
    if (version != 10 && version != 11) return HttpFailure{505, "only HTTP/1.0 and 1.1 are spoken"};
    const std::size_t codings = count_headers(headers, "Transfer-Encoding");
    if (codings == 0) return std::nullopt;
    if (version == 10) return HttpFailure{400, "HTTP/1.0 has no Transfer-Encoding"};
    const bool chunked =
        codings == 1 && http_name_equal(http_find_header(headers, "Transfer-Encoding"), "chunked");
    if (chunked) return std::nullopt;
    return HttpFailure{501, "the only Transfer-Encoding spoken is chunked"};
}

std::optional<HttpFailure> http_request_objection(const HttpRequest& request) {
    const std::size_t hosts = request.header_count("Host");
    if (hosts > 1) return HttpFailure{400, "more than one Host header"};
    if (hosts == 0 && request.version >= 11) return HttpFailure{400, "the Host header is missing"};
    const std::string_view expect = request.header("Expect");
    if (!expect.empty() && !http_name_equal(expect, "100-continue")) {
        return HttpFailure{417, "nothing but 100-continue can be expected"};
    }
    return std::nullopt;
}

std::string_view http_find_header(const std::vector<HttpHeader>& headers,
                                  std::string_view name) noexcept {
    for (const HttpHeader& header : headers) {
        if (http_name_equal(header.name, name)) return header.value;
    }
    return {};
}

std::string_view HttpRequest::header(std::string_view name) const noexcept {
    return http_find_header(headers, name);
}

std::size_t HttpRequest::header_count(std::string_view name) const noexcept {
    return count_headers(headers, name);
}

bool HttpRequest::header_has(std::string_view name, std::string_view token) const noexcept {
    for (const HttpHeader& header : headers) {
        if (!http_name_equal(header.name, name)) continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (http_name_equal(trim(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

std::string_view HttpRequest::path() const noexcept {
    return std::string_view{target}.substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const noexcept {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view{}
                                     : std::string_view{target}.substr(mark + 1);
}

std::string_view HttpResponse::header(std::string_view name) const noexcept {
    return http_find_header(headers, name);
}

std::string_view http_reason(std::uint32_t status) noexcept {
    switch (status) {
        case 100:
            return "Continue";
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Payload Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Entity";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

std::string http_serialise(const HttpResponse& response, bool head_request) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.append(http_reason(response.status)).append("\r\n");
    append_headers(out, response.headers);
    const bool without_body =
        response.status < 200 || response.status == 204 || response.status == 304;
    if (!without_body) {
        out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    }
    if (!response.keep_alive) out += "Connection: close\r\n";
    out += "\r\n";
    if (!without_body && !head_request) out += response.body;
    return out;
}

std::string http_serialise(const HttpRequest& request) {
    std::string out = request.method + " " + request.target + " HTTP/1.1\r\n";
    append_headers(out, request.headers);
    if (!request.body.empty()) {
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    if (!request.keep_alive) out += "Connection: close\r\n";
    out += "\r\n";
    return out + request.body;
}

}  // namespace gantry::net
