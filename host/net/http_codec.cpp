// Boost.Beast's parser, fed with bytes only. This file includes nothing of Asio: an older Boost and
// the standalone Asio do not get along in one translation unit.
#include "host/net/http_codec.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "host/core/assert.h"
#include "host/net/http_text.h"

namespace gantry::net {

namespace {

namespace beast = boost::beast::http;

// A chunk's size line and extensions, or the trailers, may use this much beyond what was parsed.
constexpr std::size_t chunk_overhead_bytes_max = 4096;

std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

HttpFailure failure_of(const boost::beast::error_code& error) {
    const auto is = [&error](beast::error code) { return error == make_error_code(code); };
    std::uint32_t status = 400;
    if (is(beast::error::header_limit)) status = 431;
    if (is(beast::error::body_limit)) status = 413;
    if (is(beast::error::bad_version)) status = 505;
    return {status, "malformed HTTP: " + error.message()};
}

/// What requests and responses share: collect the head, check it raw, let Beast parse it, then feed
/// the body.
template <bool is_request>
class MessageParser {
public:
    explicit MessageParser(HttpLimits limits, bool without_body)
        : limits_{limits}, without_body_{without_body} {
        restart();
    }

    void restart() {
        parser_.emplace();
        parser_->header_limit(limits_.head_bytes_max + 1);
        parser_->body_limit(limits_.body_bytes_max);
        parser_->eager(true);
        if constexpr (!is_request) parser_->skip(without_body_);
        pending_.clear();
        head_done_ = false;
        state_ = HttpState::need_more;
    }

    std::size_t feed(std::string_view bytes) {
        if (state_ != HttpState::need_more) return 0;
        const std::size_t before = pending_.size();
        pending_.append(bytes);
        if (!head_done_ && !take_head(before)) return bytes.size();
        if (state_ == HttpState::need_more) take_body();
        if (state_ == HttpState::need_more) return bytes.size();

        const std::size_t left = std::min(pending_.size(), bytes.size());
        pending_.clear();
        return bytes.size() - left;
    }

    void feed_end() {
        if (state_ != HttpState::need_more) return;
        boost::beast::error_code error;
        if (head_done_) parser_->put_eof(error);
        if (head_done_ && !error) return finish();
        fail({400, "the connection ended within a message"});
    }

    void fail(HttpFailure failure) {
        failure_ = std::move(failure);
        state_ = HttpState::failed;
    }

    auto& parser() { return *parser_; }
    const std::vector<HttpHeader>& headers() const { return headers_; }
    std::vector<HttpHeader>& headers() { return headers_; }

    HttpState state() const { return state_; }
    const HttpFailure& failure() const { return failure_; }

private:
    // Cuts the head off the pending bytes once it is complete. False: wait for more.
    bool take_head(std::size_t searched) {
        const std::size_t from = searched < 3 ? 0 : searched - 3;
        const std::size_t end = pending_.find("\r\n\r\n", from);
        const bool complete = end != std::string::npos;
        const std::size_t head_bytes = complete ? end + 4 : pending_.size();
        if (head_bytes > limits_.head_bytes_max) {
            fail({431, "the head is larger than " + std::to_string(limits_.head_bytes_max)});
            return true;
        }
        if (!complete) {
            // An end of line that is no CRLF never becomes a head: say so now, not at a timeout.
            if (http_has_bare_line_feed(pending_, searched)) {
                fail({400, "a line feed without a return"});
            }
            return state_ == HttpState::failed;
        }
        const std::string head = pending_.substr(0, head_bytes);
        pending_.erase(0, head_bytes);
        parse_head(head);
        return true;
    }

    void parse_head(const std::string& head) {
        if (const char* why = http_head_objection(head)) return fail({400, why});

        boost::beast::error_code error;
        parser_->put(boost::asio::const_buffer{head.data(), head.size()}, error);
        if (error && error != beast::error::need_more) return fail(failure_of(error));
        // A head may end where its first line should still go on.
        if (!parser_->is_header_done()) return fail({400, "malformed HTTP: an incomplete line"});

        headers_.clear();
        for (const auto& field : parser_->get().base()) {
            headers_.push_back({text_of(field.name_string()), text_of(field.value())});
        }
        if (headers_.size() > limits_.headers_max) return fail({431, "too many headers"});
        head_done_ = true;
        if (auto refused = http_coding_objection(headers_, parser_->get().version())) {
            return fail(std::move(*refused));
        }
        if (parser_->is_done()) finish();
    }

    void take_body() {
        while (!pending_.empty() && !parser_->is_done()) {
            boost::beast::error_code error;
            const boost::asio::const_buffer bytes{pending_.data(), pending_.size()};
            const std::size_t taken = parser_->put(bytes, error);
            pending_.erase(0, taken);
            if (error && error != beast::error::need_more) return fail(failure_of(error));
            if (error || taken == 0) break;
        }
        if (parser_->is_done()) return finish();
        if (pending_.size() > chunk_overhead_bytes_max) fail({413, "a chunk's head is too long"});
    }

    void finish() { state_ = HttpState::done; }

    HttpLimits limits_;
    bool without_body_;
    std::optional<beast::parser<is_request, beast::string_body>> parser_;
    std::string pending_;
    std::vector<HttpHeader> headers_;
    bool head_done_ = false;
    HttpState state_ = HttpState::need_more;
    HttpFailure failure_;
};

std::string_view view_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct HttpRequestParser::Impl {
    explicit Impl(HttpLimits limits) : message{limits, false} {}

    void take_result() {
        auto& parsed = message.parser().get();
        request.method = text_of(parsed.method_string());
        request.target = text_of(parsed.target());
        request.version = parsed.version();
        request.keep_alive = parsed.keep_alive();
        request.headers = std::move(message.headers());
        request.body = std::move(parsed.body());
        if (auto refused = http_request_objection(request)) message.fail(std::move(*refused));
    }

    MessageParser<true> message;
    HttpRequest request;
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : impl_{std::make_unique<Impl>(limits)} {}
HttpRequestParser::~HttpRequestParser() = default;
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;

std::size_t HttpRequestParser::feed(std::string_view bytes) {
    if (state() != HttpState::need_more) return 0;
    const std::size_t taken = impl_->message.feed(bytes);
    if (state() == HttpState::done) impl_->take_result();
    return taken;
}

std::size_t HttpRequestParser::feed(std::span<const std::byte> bytes) {
    return feed(view_of(bytes));
}

HttpState HttpRequestParser::state() const noexcept { return impl_->message.state(); }

const HttpRequest& HttpRequestParser::request() const noexcept {
    GANTRY_ASSERT(state() == HttpState::done);
    return impl_->request;
}

HttpRequest& HttpRequestParser::request() noexcept {
    GANTRY_ASSERT(state() == HttpState::done);
    return impl_->request;
}

const HttpFailure& HttpRequestParser::failure() const noexcept {
    GANTRY_ASSERT(state() == HttpState::failed);
    return impl_->message.failure();
}

void HttpRequestParser::reset() {
    impl_->message.restart();
    impl_->request = {};
}

struct HttpResponseParser::Impl {
    Impl(HttpLimits limits, bool head_request) : message{limits, head_request} {}

    void take_result() {
        auto& parsed = message.parser().get();
        response.status = parsed.result_int();
        response.keep_alive = parsed.keep_alive();
        response.headers = std::move(message.headers());
        response.body = std::move(parsed.body());
    }

    MessageParser<false> message;
    HttpResponse response;
};

HttpResponseParser::HttpResponseParser(HttpLimits limits, bool head_request)
    : impl_{std::make_unique<Impl>(limits, head_request)} {}
HttpResponseParser::~HttpResponseParser() = default;
HttpResponseParser::HttpResponseParser(HttpResponseParser&&) noexcept = default;
HttpResponseParser& HttpResponseParser::operator=(HttpResponseParser&&) noexcept = default;

std::size_t HttpResponseParser::feed(std::string_view bytes) {
    if (state() != HttpState::need_more) return 0;
    const std::size_t taken = impl_->message.feed(bytes);
    if (state() == HttpState::done) impl_->take_result();
    return taken;
}

std::size_t HttpResponseParser::feed(std::span<const std::byte> bytes) {
    return feed(view_of(bytes));
}

void HttpResponseParser::feed_end() {
    const bool open = state() == HttpState::need_more;
    impl_->message.feed_end();
    if (open && state() == HttpState::done) impl_->take_result();
}

HttpState HttpResponseParser::state() const noexcept { return impl_->message.state(); }

const HttpResponse& HttpResponseParser::response() const noexcept {
    GANTRY_ASSERT(state() == HttpState::done);
    return impl_->response;
}

const HttpFailure& HttpResponseParser::failure() const noexcept {
    GANTRY_ASSERT(state() == HttpState::failed);
    return impl_->message.failure();
}

}  // namespace gantry::net
