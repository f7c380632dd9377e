// HTTP/1.1 messages from bytes and to bytes, without any I/O. Stricter than the parser below it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::net {

struct HttpHeader {
    std::string name;
    std::string value;
};

/// True when the names are equal without regard to case, as header names are.
bool http_name_equal(std::string_view a, std::string_view b) noexcept;

struct HttpRequest {
    std::string method;
    std::string target;
    std::uint32_t version = 11;  ///< 10 or 11
    std::vector<HttpHeader> headers;
    std::string body;
    bool keep_alive = true;

    /// The first header of that name, or empty.
    std::string_view header(std::string_view name) const noexcept;
    std::size_t header_count(std::string_view name) const noexcept;
    /// True when a comma-separated header holds `token`, without regard to case.
    bool header_has(std::string_view name, std::string_view token) const noexcept;
    std::string_view path() const noexcept;   ///< the target up to '?'
    std::string_view query() const noexcept;  ///< behind '?', or empty
};

struct HttpResponse {
    std::uint32_t status = 200;
    std::vector<HttpHeader> headers;
    std::string body;
    bool keep_alive = true;

    std::string_view header(std::string_view name) const noexcept;
};

struct HttpLimits {
    std::uint32_t head_bytes_max = 8 * 1024;
    std::uint64_t body_bytes_max = 1024 * 1024;
    std::uint32_t headers_max = 100;
};

/// Why a message was refused: the status to answer with, and a sentence.
struct HttpFailure {
    std::uint32_t status = 400;
    std::string sentence;
};

enum class HttpState : std::uint8_t { need_more, done, failed };

/// Refuses beyond the protocol's musts: a transfer coding other than `chunked` (501), a folded
/// header, a missing or doubled Host, a space before a colon, a bare line feed, `Expect` other than
/// 100-continue (417).
class HttpRequestParser {
public:
    explicit HttpRequestParser(HttpLimits limits = {});
    ~HttpRequestParser();
    HttpRequestParser(HttpRequestParser&&) noexcept;
    HttpRequestParser& operator=(HttpRequestParser&&) noexcept;

    /// Takes bytes from the front and says how many: what is left belongs to the next request.
    /// Takes nothing once done or failed.
    std::size_t feed(std::span<const std::byte> bytes);
    std::size_t feed(std::string_view bytes);
    HttpState state() const noexcept;
    /// Only when done.
    const HttpRequest& request() const noexcept;
    HttpRequest& request() noexcept;
    /// Only when failed; failures are sticky until reset().
    const HttpFailure& failure() const noexcept;
    /// Ready for the next request of the same connection.
    void reset();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The client's half: an answer to a request. `head_request`: answers to HEAD have no body.
class HttpResponseParser {
public:
    explicit HttpResponseParser(HttpLimits limits = {}, bool head_request = false);
    ~HttpResponseParser();
    HttpResponseParser(HttpResponseParser&&) noexcept;
    HttpResponseParser& operator=(HttpResponseParser&&) noexcept;

    std::size_t feed(std::span<const std::byte> bytes);
    std::size_t feed(std::string_view bytes);
    /// The peer closed: ends a body that has no length.
    void feed_end();
    HttpState state() const noexcept;
    const HttpResponse& response() const noexcept;
    const HttpFailure& failure() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// "Not Found" for 404.
std::string_view http_reason(std::uint32_t status) noexcept;

/// Head and body. Adds Content-Length, and "Connection: close" unless keep_alive; no length for
/// 1xx, 204, 304. A header with a control character in it is left out, so no caller's text can
/// forge another header.
std::string http_serialise(const HttpResponse& response, bool head_request = false);
std::string http_serialise(const HttpRequest& request);

}  // namespace gantry::net
